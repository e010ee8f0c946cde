"""The queue practical on one machine: stack `lab`, servers of other queues beside it, what each of them guarantees."""
