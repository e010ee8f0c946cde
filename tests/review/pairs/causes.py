"""Changes that follow from one another."""

import json

import pulumi
import pulumi_aws as aws

from infra.review.finding import Verdict
from tests.review.pairs import Pair, Program


def chain(*, cidr: str = "10.0.0.0/16", word: str = "one") -> Program:
    """A network, what stands in it, and what takes its values from that."""

    def program() -> None:
        vpc = aws.ec2.Vpc("vpc", cidr_block=cidr)
        subnet = aws.ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block="10.0.1.0/24")
        group = aws.rds.SubnetGroup("database", subnet_ids=[subnet.id], name="database")
        nat = aws.ec2.NatGateway("nat", subnet_id=subnet.id, connectivity_type="private")
        topic = aws.sns.Topic("words", name=f"words-{word}")
        queue = aws.sqs.Queue("words")
        aws.sns.TopicSubscription("words", topic=topic.arn, protocol="sqs", endpoint=queue.arn)
        table = aws.ec2.RouteTable("table", vpc_id="vpc-0a1b2c3d4e5f60718")
        aws.ec2.Route("out", route_table_id=table.id, destination_cidr_block="0.0.0.0/0", nat_gateway_id=nat.id)
        document = topic.arn.apply(
            lambda arn: json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [{"Sid": "Tell", "Effect": "Allow", "Action": "sns:Publish", "Resource": arn}],
                }
            )
        )
        aws.iam.Policy("publishes", policy=document)
        pulumi.export("group", group.name)

    return program


PAIRS = [
    Pair(
        "a network is moved, and four kinds of things follow, one from another",
        chain(),
        chain(cidr="10.0.0.0/8"),
        Verdict.DANGEROUS,
        says=("ec2/Vpc vpc is replaced because of cidrBlock; 4 resources follow",),
    ),
    Pair(
        "a topic is renamed, and what knows its ARN follows",
        chain(),
        chain(word="two"),
        Verdict.DANGEROUS,
        says=("sns/Topic words is replaced because of name; 2 resources follow: 1 replaced, 1 updated",),
    ),
]
