"""What a deployment changes in AWS, by name: the calls by which this program's resources are made, altered and removed.

Reading is another matter: AWS's ReadOnlyAccess. Source: AWS Service Authorization Reference; terraform-provider-aws.
Creates no resource.
"""

from collections.abc import Mapping

#: Service, as IAM calls it: actions. Those of IAM, KMS and Secrets Manager are in deploy_policy.py: they are limited.
ACTIONS: Mapping[str, tuple[str, ...]] = {
    "acm": ("AddTagsToCertificate", "DeleteCertificate", "RemoveTagsFromCertificate", "RequestCertificate"),
    "application-autoscaling": (
        "DeleteScalingPolicy", "DeleteScheduledAction", "DeregisterScalableTarget", "PutScalingPolicy",
        "PutScheduledAction", "RegisterScalableTarget", "TagResource", "UntagResource",
    ),
    "budgets": ("ModifyBudget", "TagResource", "UntagResource"),
    "cloudwatch": (
        "DeleteAlarms", "DeleteDashboards", "PutDashboard", "PutMetricAlarm", "TagResource", "UntagResource",
    ),
    "ec2": (
        "AllocateAddress", "AssociateAddress", "AssociateRouteTable", "AttachInternetGateway",
        "AuthorizeSecurityGroupEgress", "AuthorizeSecurityGroupIngress", "CreateFlowLogs", "CreateInternetGateway",
        "CreateNatGateway", "CreateRoute", "CreateRouteTable", "CreateSecurityGroup", "CreateSubnet", "CreateTags",
        "CreateVpc", "CreateVpcEndpoint", "DeleteFlowLogs", "DeleteInternetGateway", "DeleteNatGateway", "DeleteRoute",
        "DeleteRouteTable", "DeleteSecurityGroup", "DeleteSubnet", "DeleteTags", "DeleteVpc", "DeleteVpcEndpoints",
        "DetachInternetGateway", "DisassociateAddress", "DisassociateRouteTable", "ModifySecurityGroupRules",
        "ModifySubnetAttribute", "ModifyVpcAttribute", "ModifyVpcEndpoint", "ReleaseAddress", "ReplaceRoute",
        "ReplaceRouteTableAssociation", "RevokeSecurityGroupEgress", "RevokeSecurityGroupIngress",
    ),
    "ecr": (
        "BatchDeleteImage", "CompleteLayerUpload", "CreateRepository", "DeleteLifecyclePolicy", "DeleteRepository",
        "DeleteRepositoryPolicy", "InitiateLayerUpload", "PutImage", "PutImageScanningConfiguration",
        "PutImageTagMutability", "PutLifecyclePolicy", "SetRepositoryPolicy", "TagResource", "UntagResource",
        "UploadLayerPart",
    ),
    "ecs": (
        "CreateCluster", "CreateService", "DeleteCluster", "DeleteService", "DeregisterTaskDefinition",
        "PutClusterCapacityProviders", "RegisterTaskDefinition", "TagResource", "UntagResource", "UpdateCluster",
        "UpdateClusterSettings", "UpdateService",
    ),
    "elasticache": (
        "AddTagsToResource", "CreateCacheParameterGroup", "CreateCacheSubnetGroup", "CreateReplicationGroup",
        "CreateUser", "CreateUserGroup", "DeleteCacheParameterGroup", "DeleteCacheSubnetGroup",
        "DeleteReplicationGroup", "DeleteUser", "DeleteUserGroup", "ModifyCacheParameterGroup",
        "ModifyCacheSubnetGroup", "ModifyReplicationGroup", "ModifyUser", "ModifyUserGroup",
        "RemoveTagsFromResource", "ResetCacheParameterGroup",
    ),
    "elasticloadbalancing": (
        "AddTags", "CreateListener", "CreateLoadBalancer", "CreateRule", "CreateTargetGroup", "DeleteListener",
        "DeleteLoadBalancer", "DeleteRule", "DeleteTargetGroup", "ModifyListener", "ModifyListenerAttributes",
        "ModifyLoadBalancerAttributes", "ModifyRule", "ModifyTargetGroup", "ModifyTargetGroupAttributes",
        "RemoveTags", "SetIpAddressType", "SetRulePriorities", "SetSecurityGroups", "SetSubnets", "SetWebACL",
    ),
    "kafka": ("CreateClusterV2", "DeleteCluster", "TagResource", "UntagResource"),
    "logs": (
        "CreateLogDelivery", "CreateLogGroup", "DeleteLogDelivery", "DeleteLogGroup", "DeleteRetentionPolicy",
        "PutResourcePolicy", "PutRetentionPolicy", "TagResource", "UntagResource", "UpdateLogDelivery",
    ),
    "mq": ("CreateBroker", "CreateTags", "DeleteBroker", "DeleteTags", "RebootBroker", "UpdateBroker"),
    "rds": (
        "AddTagsToResource", "CreateDBInstance", "CreateDBParameterGroup", "CreateDBSnapshot", "CreateDBSubnetGroup",
        "DeleteDBInstance", "DeleteDBParameterGroup", "DeleteDBSubnetGroup", "ModifyDBInstance",
        "ModifyDBParameterGroup", "ModifyDBSubnetGroup", "RebootDBInstance", "RemoveTagsFromResource",
        "ResetDBParameterGroup",
    ),
    "route53": ("ChangeResourceRecordSets",),
    "sns": (
        "CreateTopic", "DeleteTopic", "SetSubscriptionAttributes", "SetTopicAttributes", "Subscribe", "TagResource",
        "Unsubscribe", "UntagResource",
    ),
    "sqs": ("CreateQueue", "DeleteQueue", "SetQueueAttributes", "TagQueue", "UntagQueue"),
    "wafv2": (
        "AssociateWebACL", "CreateWebACL", "DeleteLoggingConfiguration", "DeleteWebACL", "DisassociateWebACL",
        "PutLoggingConfiguration", "TagResource", "UntagResource", "UpdateWebACL",
    ),
}  # fmt: skip
