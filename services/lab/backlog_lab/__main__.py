"""`python -m backlog_lab`: queue-lab where no script of that name is installed, as in its image."""

from backlog_lab.command import main

main(prog_name="queue-lab")
