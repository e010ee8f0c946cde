"""`python -m local COMMAND`: the commands behind the Makefile."""

import signal
import sys

# As long as there is nothing to end in order, Ctrl-C ends this process without a word.
signal.signal(signal.SIGINT, signal.SIG_DFL)

from local.command_line import main  # noqa: E402

sys.exit(main())
