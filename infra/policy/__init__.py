"""What may not be deployed: the rules, and where they run (a policy pack, pytest, and `make policy`)."""
