#!/usr/bin/env python3
"""Write facts.txt: what AWS's service models say of the services that
LocalStack's open edition or moto serve.

The models are those of botocore (https://github.com/boto/botocore, Apache-2.0).
To renew the table, with the interpreter of an environment that has botocore:

    python3 facts_from_botocore.py > facts.txt

botocore's names, addresses and traits are facts about AWS's interface; no text
of its documentation is taken over.
"""

import re
import sys
from collections import defaultdict

import botocore
import botocore.loaders

# botocore's names of the services that moto 5.2 and LocalStack 4.14 serve.
SERVICES = """
account acm acm-pca amp apigateway apigatewayv2 appconfig appconfigdata application-autoscaling appmesh appsync athena
autoscaling backup batch bedrock bedrock-agent bedrock-runtime budgets ce cloudformation cloudfront cloudhsmv2 cloudwatch
codebuild codecommit codedeploy codepipeline cognito-identity cognito-idp comprehend config connect connectcampaigns databrew
datapipeline datasync dax directconnect dms ds dsql dynamodb dynamodbstreams ebs ec2 ec2-instance-connect ecr ecs efs eks
elasticache elasticbeanstalk elb elbv2 emr emr-containers emr-serverless es events firehose fis forecast fsx glacier glue
greengrass guardduty iam identitystore inspector2 iot iot-data ivs kafka kinesis kinesisanalyticsv2 kinesisvideo
kinesis-video-archived-media kms lakeformation lambda lexv2-models logs macie2 managedblockchain marketplace-metering
mediaconnect medialive mediapackage mediapackagev2 mediastore mediastore-data memorydb meteringmarketplace mq network-firewall
networkmanager opensearch opensearchserverless organizations osis panorama personalize pinpoint pipes polly quicksight ram rds
rds-data redshift redshift-data rekognition resiliencehub resource-groups resourcegroupstaggingapi route53 route53domains
route53resolver s3control s3tables s3vectors sagemaker sagemaker-metrics sagemaker-runtime scheduler secretsmanager securityhub
service-quotas servicecatalog servicecatalog-appregistry servicediscovery ses sesv2 shield signer sns sqs ssm sso-admin
stepfunctions sts support swf synthetics textract timestream-influxdb timestream-query timestream-write transcribe transfer
vpc-lattice wafv2 workspaces workspaces-web xray rolesanywhere accessanalyzer codeartifact mwaa codeconnections
""".split()

HEADER = """\
# What AWS's service models say of the services that LocalStack's open edition or moto serve, by signing name. Taken from
# the models in botocore {version} (https://github.com/boto/botocore) by facts_from_botocore.py, which renews it.
#
# @ signing-name
# > what stands before the operation in X-Amz-Target, or names the service in a path of CBOR's
# ~ members whose value is a map with the caller's keys
# ! members marked as sensitive, in lower case
# % members of XML documents that are a list in an element of its own
# 0 members of forms, addresses and XML documents that are numbers
# 1 members of forms, addresses and XML documents that are true or false
# /path/{{Label}}?query=value METHOD Operation:input:output METHOD ..., where input and output are the member that a body
#   is: nothing for a body that is all members, - for one that has none
"""


class Service:
    """What is collected of one signing name."""

    def __init__(self):
        self.rows, self.kinds, self.targets = defaultdict(set), defaultdict(set), set()

    def see(self, kind, name, yes):
        """Notes of a member that it is, or is not, of a kind."""
        self.kinds[kind, bool(yes)].add(name)

    def sure(self, kind):
        """Names that are of a kind wherever they stand."""
        return sorted(self.kinds[kind, True] - self.kinds[kind, False])

    def lines(self):
        if self.targets:
            yield "> " + " ".join(sorted(self.targets))
        for mark in "~!%01":
            if names := self.sure(mark):
                yield mark + " " + " ".join(names)
        for address, operations in sorted(self.rows.items()):
            yield address + " " + " ".join(sorted(operations))


def body_of(shapes, shape_name):
    """The member that is a body; "-" for a body without members."""
    if not shape_name:
        return ""
    shape = shapes[shape_name]
    member = shape.get("payload")
    if not member:
        return ""
    kind = shapes[shape["members"][member]["shape"]]
    if kind["type"] == "structure" and not kind.get("eventstream"):
        return member
    return "-"


def row(key, operation, model):
    """The address of an operation and what it is, with labels named as their members are."""
    http, shapes = operation["http"], model["shapes"]
    names = {}
    if "input" in operation:
        for member, ref in shapes[operation["input"]["shape"]].get("members", {}).items():
            if ref.get("location") == "uri":
                names[ref.get("locationName", member)] = member
    uri = re.sub(r"\{(\w[\w-]*)(\+?)\}", lambda m: "{" + names.get(m[1], m[1]) + m[2] + "}", http["requestUri"])
    into = body_of(shapes, operation.get("input", {}).get("shape"))
    out = body_of(shapes, operation.get("output", {}).get("shape"))
    return uri.split("#")[0], f"{http['method']} {key}:{into}:{out}".rstrip(":")


def wire_names(member, ref, protocol):
    """The names by which a member goes on the wire, in requests and answers."""
    yield ref.get("locationName", member)
    if protocol == "ec2":
        name = ref.get("queryName") or ref.get("locationName", member)
        yield name if ref.get("queryName") else name[0].upper() + name[1:]
    yield member


def members(model, service):
    protocol, shapes = model["metadata"]["protocol"], model["shapes"]
    xml = protocol in ("query", "ec2", "rest-xml")
    if "query" in model["metadata"].get("protocols", []):
        xml = True
    for shape in shapes.values():
        for member, ref in shape.get("members", {}).items():
            target = shapes[ref["shape"]]
            kind = target["type"]
            for name in set(wire_names(member, ref, protocol)):
                if kind in ("map", "structure"):
                    service.see("~", name, kind == "map")
                service.see("!", name.lower(), target.get("sensitive") and kind in ("string", "blob", "structure", "map", "list"))
                if xml or ref.get("location"):
                    if kind not in ("structure", "list", "map"):
                        service.see("0", name, kind in ("integer", "long", "double", "float"))
                        service.see("1", name, kind == "boolean")
                if protocol == "rest-xml":
                    service.see("%", name, kind == "list" and not target.get("flattened"))


def main():
    loader = botocore.loaders.Loader()
    known = set(loader.list_available_services("service-2"))
    all_services = defaultdict(Service)
    for name in SERVICES:
        if name not in known:
            continue
        model = loader.load_service_model(name, "service-2")
        meta = model["metadata"]
        service = all_services[meta.get("signingName", meta["endpointPrefix"])]
        members(model, service)
        if "targetPrefix" in meta:
            service.targets.add(meta["targetPrefix"])
        if meta["protocol"].startswith("rest"):
            for key, operation in model["operations"].items():
                address, what = row(key, operation, model)
                service.rows[address].add(what)
    sys.stdout.write(HEADER.format(version=botocore.__version__))
    for signing, service in sorted(all_services.items()):
        print("@", signing)
        for line in service.lines():
            print(line)


main()
