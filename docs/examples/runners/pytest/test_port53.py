# SPDX-License-Identifier: Apache-2.0
import os
import socket


def test_port_53_is_free_and_there_is_no_other_link():
    with socket.create_server(('127.0.0.1', 53)):
        links = set(os.listdir('/sys/class/net')) - {'bonding_masters'}
        assert links == {'lo'}
