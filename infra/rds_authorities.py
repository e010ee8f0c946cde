"""The regions whose certificate authorities the images carry (services/todos/backlog_todos/rds-ca.pem)."""

REGIONS = frozenset(
    {
        *(f"ap-northeast-{n}" for n in (1, 2, 3)),
        *(f"ap-southeast-{n}" for n in (1, 2, 3, 4)),
        *(f"eu-central-{n}" for n in (1, 2)),
        *(f"eu-south-{n}" for n in (1, 2)),
        *(f"eu-west-{n}" for n in (1, 2, 3)),
        *(f"us-{side}-{n}" for side in ("east", "west") for n in (1, 2)),
        "af-south-1",
        "ap-east-1",
        "ap-south-1",
        "ap-south-2",
        "ca-central-1",
        "eu-north-1",
        "me-central-1",
        "me-south-1",
        "sa-east-1",
    }
)
