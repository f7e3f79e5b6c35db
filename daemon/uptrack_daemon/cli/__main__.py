"""``python -m uptrack_daemon.cli``: the command line where the ``uptrack`` script is not on the path."""

import sys

from uptrack_daemon.cli import main

sys.exit(main())
