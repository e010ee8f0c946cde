"""The provider that Pulumi's engine attaches to over gRPC (PULUMI_DEBUG_PROVIDERS), for the packages aws and docker.

Every type is synthesised: AWS's outputs are computed, the same on each run, with no credentials and no side effect.
Types that a `Cloud` makes real are, on top of that, created, looked after and deleted by it.
"""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any, NoReturn

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from local.provider import diff, schema
from local.provider.api_model import check_values
from local.provider.invokes import invoke
from local.provider.naming import auto_name, check_length, given_name
from local.provider.properties import Bag, from_struct, secret, to_struct
from local.provider.realised import CANCELLED, Cloud, ResourceError
from local.provider.schema import Failure
from local.resources import OPERATIONS, TABLE, Resource, ResourceType

#: Package -> the SDK that programs use it with; the provider answers as the plugin of that version.
PACKAGES = {"aws": "pulumi-aws", "docker": "pulumi-docker"}
_DEFAULT_ACCOUNT = "123456789012"
_DEFAULT_REGION = "us-east-1"
_WORKERS = 16  # the engine asks for as many resources at once as it runs in parallel


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Answers the engine's calls. See pulumi/proto/pulumi/provider.proto for what each must do."""

    def __init__(self, cloud: Cloud, release: str) -> None:
        self._cloud = cloud
        self._release = release
        self._region, self._account, self._default_tags = _DEFAULT_REGION, _DEFAULT_ACCOUNT, dict[str, str]()
        self._configured = threading.Lock()

    # What the provider is

    def Attach(self, request: Any, context: grpc.ServicerContext) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=self._release)

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> empty_pb2.Empty:
        CANCELLED.set()
        return empty_pb2.Empty()

    # Configuration

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        changed = not _equal(from_struct(request.old_inputs), from_struct(request.news))
        kind = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=kind)

    def Configure(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.ConfigureResponse:
        args = {key: _parsed(value) for key, value in from_struct(request.args).items()}
        with self._configured:
            if args.get("region"):
                self._region = args["region"]
            if args.get("allowedAccountIds"):
                self._account = str(args["allowedAccountIds"][0])
            if isinstance(args.get("defaultTags"), dict):
                self._default_tags = args["defaultTags"].get("tags", {})
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.InvokeResponse:
        with _spoken(context, request.tok):
            answer = invoke(request.tok, from_struct(request.args), region=self._region, account=self._account)
            return provider_pb2.InvokeResponse(**{"return": to_struct(answer)})
        raise AssertionError

    # Resources

    def Check(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        with _spoken(context, request.urn):
            kind, name = _type_of(request.urn), _name_of(request.urn)
            inputs, olds = from_struct(request.news), from_struct(request.olds)
            auto = kind.auto_name
            if auto and auto.property not in inputs:
                inputs[auto.property] = auto_name(auto, kind.token, request.urn, name, inputs, olds)
            failures = list(schema.check(kind.sdk_class, inputs))
            if not failures:
                failures = list(_refused(kind, inputs))
            return provider_pb2.CheckResponse(
                inputs=to_struct(inputs),
                failures=[provider_pb2.CheckFailure(property=f.path, reason=f"{f.path}: {f.reason}") for f in failures],
            )
        raise AssertionError

    def Diff(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        with _spoken(context, request.urn):
            kind, name = _type_of(request.urn), _name_of(request.urn)
            olds, news = from_struct(request.old_inputs), from_struct(request.news)
            difference = diff.compare(kind.token, olds, news, tuple(request.ignoreChanges))
            auto = kind.auto_name
            kinds = provider_pb2.PropertyDiff.Kind
            return provider_pb2.DiffResponse(
                changes=provider_pb2.DiffResponse.DIFF_SOME
                if difference.changes
                else provider_pb2.DiffResponse.DIFF_NONE,
                diffs=sorted({change.path.split(".")[0].split("[")[0] for change in difference.changes}),
                replaces=difference.replaces,
                deleteBeforeReplace=bool(
                    difference.replaces and auto and given_name(auto, kind.token, request.urn, name, olds, news)
                ),
                hasDetailedDiff=True,
                detailedDiff={
                    change.path: provider_pb2.PropertyDiff(
                        kind=kinds.Value(change.kind.upper() + ("_REPLACE" if change.replaces else "")),
                        inputDiff=True,
                    )
                    for change in difference.changes
                },
            )
        raise AssertionError

    def Create(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:
        with _spoken(context, request.urn):
            resource = self._resource(request.urn, from_struct(request.properties))
            outputs = self._synthesise(resource)
            if not request.preview and (realised := self._cloud.get(resource.token)):
                outputs = realised.create(resource, outputs)
            return provider_pb2.CreateResponse(
                id=str(outputs["id"]), properties=to_struct(_sealed(resource.token, outputs))
            )
        raise AssertionError

    def Read(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.ReadResponse:
        with _spoken(context, request.urn):
            realised = self._cloud.get(_type_of(request.urn).token)
            state = from_struct(request.properties)
            if realised and not realised.alive({**state, "id": request.id}):
                return provider_pb2.ReadResponse()
            sealed = _sealed(_type_of(request.urn).token, state)
            return provider_pb2.ReadResponse(id=request.id, properties=to_struct(sealed), inputs=request.inputs)
        raise AssertionError

    def Update(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.UpdateResponse:
        with _spoken(context, request.urn):
            resource = self._resource(request.urn, from_struct(request.news))
            old = from_struct(request.olds)
            outputs = {**self._synthesise(resource), "id": request.id}
            realised = self._cloud.get(resource.token)
            if realised and request.preview:
                computed = set(diff.fact("outputs-only").get(resource.token, [])) - {"tagsAll"}
                outputs |= {name: value for name, value in old.items() if name in computed}
            elif realised:
                outputs = realised.update(resource, {**old, "id": request.id}, outputs)
            return provider_pb2.UpdateResponse(properties=to_struct(_sealed(resource.token, outputs)))
        raise AssertionError

    def Delete(self, request: Any, context: grpc.ServicerContext) -> empty_pb2.Empty:
        with _spoken(context, request.urn):
            kind, state = _type_of(request.urn), {**from_struct(request.properties), "id": request.id}
            if kind.keeps and (why := kind.keeps(state)):
                raise ResourceError(f"AWS would not delete it: {why}")
            if realised := self._cloud.get(kind.token):
                realised.delete(state)
            return empty_pb2.Empty()
        raise AssertionError

    def _resource(self, urn: str, inputs: Bag) -> Resource:
        token, region = _type_of(urn).token, inputs.get("region") or self._region
        return Resource(token, urn, _name_of(urn), inputs, region, self._account, self._default_tags)

    def _synthesise(self, resource: Resource) -> Bag:
        outputs = {**TABLE[resource.token].outputs(resource), **resource.inputs}
        outputs.setdefault("region", resource.region)
        if "tagsAll" in diff.fact("outputs-only").get(resource.token, []):
            outputs["tagsAll"] = {**self._default_tags, **resource.inputs.get("tags", {})}
        return outputs


@contextmanager
def serve(cloud: Cloud) -> Iterator[str]:
    """Serve the providers on free loopback ports; gives the value of PULUMI_DEBUG_PROVIDERS."""
    CANCELLED.clear()
    servers, attached, workers = [], [], ThreadPoolExecutor(_WORKERS)
    for package, sdk in PACKAGES.items():
        server = grpc.server(workers, options=[("grpc.max_receive_message_length", -1)])
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(cloud, version(sdk)), server)
        attached.append(f"{package}:{server.add_insecure_port('127.0.0.1:0')}")
        server.start()
        servers.append(server)
    try:
        yield ",".join(attached)
    finally:
        # The engine says that it stops at its end, too. Whoever still waits gives up, and then one may wait again.
        CANCELLED.set()
        for server in servers:
            server.stop(None)
        workers.shutdown()
        CANCELLED.clear()


@contextmanager
def _spoken(context: grpc.ServicerContext, subject: str) -> Iterator[None]:
    """Errors reach the engine as sentences; one that nobody foresaw keeps its type, so that it can be found."""
    try:
        yield
    except ResourceError as error:
        _abort(context, str(error))
    except Exception as error:  # noqa: BLE001 - the engine shows it; a dead call would hang the update
        _abort(context, f"the embedded cloud failed at {subject}: {type(error).__name__}: {error}")


def _abort(context: grpc.ServicerContext, sentence: str) -> NoReturn:
    context.abort(grpc.StatusCode.UNKNOWN, sentence)
    raise AssertionError


def _type_of(urn: str) -> ResourceType:
    token = urn.split("::")[2].rsplit("$", maxsplit=1)[-1]
    if token not in TABLE:
        raise ResourceError(f"the embedded cloud does not know {token}: add it to the table in local/resources/")
    return TABLE[token]


def _refused(kind: ResourceType, inputs: Bag) -> Iterator[Failure]:
    if kind.auto_name:
        yield from check_length(kind.auto_name, inputs)
    if request := OPERATIONS.get(kind.token):
        yield from check_values(request, inputs)
    if kind.check:
        yield from kind.check(inputs)


def _name_of(urn: str) -> str:
    return urn.split("::", 3)[3]


def _sealed(token: str, outputs: Bag) -> Bag:
    secrets = diff.fact("sensitive").get(token, [])
    return {key: secret(value) if key in secrets else value for key, value in outputs.items() if key != "id"}


def _equal(old: Bag, new: Bag) -> bool:
    return {k: v for k, v in old.items() if k != "version"} == {k: v for k, v in new.items() if k != "version"}


def _parsed(value: Any) -> Any:
    """Provider configuration comes as strings; lists and blocks among them are JSON."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        return json.loads(value)
    return value
