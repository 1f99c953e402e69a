#!/usr/bin/env python
"""Exit with 0 where an address answers with a success within five seconds: health checks without curl."""

import sys
from urllib.request import ProxyHandler, build_opener

with build_opener(ProxyHandler({})).open(sys.argv[1], timeout=5):
    pass
