"""The official Python client, on the kubeconfig of $KUBECONFIG: typed and dynamic calls, watches, errors, custom kinds."""

from kubernetes import client, config, watch
from kubernetes.client.rest import ApiException
from kubernetes.dynamic import DynamicClient

NAMESPACE = "python-trial"
GROUP = "trial.example.com"


def refused(code, reason, call):
    try:
        call()
    except ApiException as error:
        assert error.status == code, error
        assert reason in error.body, error.body
        return
    raise AssertionError(f"{reason} was expected")


def config_maps(core):
    core.create_namespaced_config_map(NAMESPACE, {"metadata": {"name": "a", "labels": {"x": "1"}}, "data": {"k": "v"}})
    found = core.list_namespaced_config_map(NAMESPACE, label_selector="x=1")
    assert [item.metadata.name for item in found.items] == ["a"]
    patched = core.patch_namespaced_config_map("a", NAMESPACE, {"data": {"more": "w"}})
    assert patched.data == {"k": "v", "more": "w"}
    patched.data = {"only": "this"}
    assert core.replace_namespaced_config_map("a", NAMESPACE, patched).data == {"only": "this"}
    refused(409, "AlreadyExists", lambda: core.create_namespaced_config_map(NAMESPACE, {"metadata": {"name": "a"}}))
    patched.metadata.resource_version = "1"
    refused(409, "Conflict", lambda: core.replace_namespaced_config_map("a", NAMESPACE, patched))
    refused(404, "NotFound", lambda: core.read_namespaced_config_map("none", NAMESPACE))
    refused(422, "Invalid", lambda: core.create_namespaced_config_map(NAMESPACE, {"metadata": {"name": "A_B"}}))


def paging(core):
    for number in range(7):
        core.create_namespaced_config_map(NAMESPACE, {"metadata": {"name": f"page-{number}", "labels": {"page": "y"}}})
    names, token = [], None
    while True:
        page = core.list_namespaced_config_map(NAMESPACE, label_selector="page=y", limit=3, _continue=token)
        names += [item.metadata.name for item in page.items]
        token = page.metadata._continue
        if not token:
            break
    assert names == [f"page-{number}" for number in range(7)], names


def watching(core):
    start = core.list_namespaced_secret(NAMESPACE).metadata.resource_version
    core.create_namespaced_secret(NAMESPACE, {"metadata": {"name": "s"}, "stringData": {"k": "v"}})
    core.patch_namespaced_secret("s", NAMESPACE, {"stringData": {"k": "w"}})
    core.delete_namespaced_secret("s", NAMESPACE)
    seen = watch.Watch().stream(
        core.list_namespaced_secret, NAMESPACE, resource_version=start, field_selector="metadata.name=s", timeout_seconds=2
    )
    assert [event["type"] for event in seen] == ["ADDED", "MODIFIED", "DELETED"]


def workloads(apps, batch):
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "web:1"}]}}
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    made = apps.create_namespaced_deployment(NAMESPACE, {"metadata": {"name": "web"}, "spec": spec})
    assert made.spec.strategy.rolling_update.max_surge == "25%"
    assert apps.patch_namespaced_deployment_scale("web", NAMESPACE, {"spec": {"replicas": 5}}).spec.replicas == 5
    assert apps.read_namespaced_deployment("web", NAMESPACE).spec.replicas == 5
    job = {"metadata": {"name": "once"}, "spec": {"template": {"spec": {**template["spec"], "restartPolicy": "Never"}}}}
    assert batch.create_namespaced_job(NAMESPACE, job).spec.completions == 1


def custom(extensions, objects, dynamic):
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    extensions.create_custom_resource_definition(
        {
            "metadata": {"name": f"trials.{GROUP}"},
            "spec": {
                "group": GROUP,
                "names": {"plural": "trials", "singular": "trial", "kind": "Trial"},
                "scope": "Namespaced",
                "versions": [version],
            },
        }
    )
    for event in watch.Watch().stream(extensions.list_custom_resource_definition, timeout_seconds=10):
        if any(c.type == "Established" and c.status == "True" for c in event["object"].status.conditions or []):
            break
    body = {"apiVersion": f"{GROUP}/v1", "kind": "Trial", "metadata": {"name": "t"}, "spec": {"size": 3}}
    objects.create_namespaced_custom_object(GROUP, "v1", NAMESPACE, "trials", body)
    trials = dynamic.resources.get(api_version=f"{GROUP}/v1", kind="Trial")
    assert trials.get(name="t", namespace=NAMESPACE).spec.size == 3
    body["spec"] = {"size": 4}
    applied = trials.server_side_apply(
        body=body, name="t", namespace=NAMESPACE, field_manager="trial", force_conflicts=True
    )
    assert applied.spec.size == 4
    body["spec"] = {"size": "large"}
    refused(422, "Invalid", lambda: objects.replace_namespaced_custom_object(
        GROUP, "v1", NAMESPACE, "trials", "t", {**body, "metadata": applied.metadata.to_dict()}))
    extensions.delete_custom_resource_definition(f"trials.{GROUP}")


def main():
    config.load_kube_config()
    core = client.CoreV1Api()
    assert client.VersionApi().get_code().git_version.startswith("v1.35")
    core.create_namespace({"metadata": {"name": NAMESPACE}})
    core.create_namespaced_service_account(NAMESPACE, {"metadata": {"name": "default"}})
    parts = [
        lambda: config_maps(core),
        lambda: paging(core),
        lambda: watching(core),
        lambda: workloads(client.AppsV1Api(), client.BatchV1Api()),
        lambda: custom(client.ApiextensionsV1Api(), client.CustomObjectsApi(), DynamicClient(client.ApiClient())),
    ]
    for part in parts:
        part()
    core.delete_namespace(NAMESPACE)
    print(f"{len(parts)} passed, 0 failed")


main()
