import json
from pathlib import Path

import pytest

from restow.core import marks
from restow.policies import crds
from restow.policies.invalid import checked
from restow.policies.packing_policy import Mode, PackingPolicy
from restow.sources.scheduler_config import added_affinity
from tests.chart.rendered import BETA, Manifest, of_kind, refusal, render, the


@pytest.fixture(scope="module")
def default() -> list[Manifest]:
    return render()


def container(manifests: list[Manifest]) -> Manifest:
    (found,) = the(manifests, "Deployment")["spec"]["template"]["spec"]["containers"]
    made: Manifest = found
    return made


def kinds(manifests: list[Manifest]) -> set[str]:
    return {each["kind"] for each in manifests}


def test_default_installs_all_that_a_safe_start_needs(default: list[Manifest]) -> None:
    assert kinds(default) == {
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "Deployment",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "PackingPolicy",
        "PodDisruptionBudget",
        "Role",
        "RoleBinding",
        "Service",
        "ServiceAccount",
    }


def test_objects_are_labelled_and_live_in_the_namespace_of_the_release(
    default: list[Manifest],
) -> None:
    cluster_wide = {
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "PackingPolicy",
    }
    for each in default:
        assert each["metadata"]["labels"]["app.kubernetes.io/instance"] == "restow", each["kind"]
        expected = None if each["kind"] in cluster_wide else "packing"
        assert each["metadata"].get("namespace") == expected, each["kind"]


def test_container_may_do_nothing_it_need_not(default: list[Manifest]) -> None:
    pod = the(default, "Deployment")["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 65532
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container(default)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
    assert all("hostPath" not in volume for volume in pod["volumes"])


def test_operator_knows_its_own_pod_and_is_probed(default: list[Manifest]) -> None:
    made = container(default)
    fields = {
        each["name"]: each["valueFrom"]["fieldRef"]["fieldPath"]
        for each in made["env"]
        if "valueFrom" in each
    }
    assert fields == {
        "POD_NAME": "metadata.name",
        "POD_NAMESPACE": "metadata.namespace",
        "POD_UID": "metadata.uid",
    }
    assert made["args"] == ["run"]
    ports = {each["name"]: each["containerPort"] for each in made["ports"]}
    assert ports == {"health": 8080, "metrics": 9090}
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert made[probe]["httpGet"]["port"] == "health"
    assert made["resources"]["requests"]
    assert made["resources"]["limits"]["memory"]


def test_selectors_find_the_pods_of_the_deployment(default: list[Manifest]) -> None:
    labels = the(default, "Deployment")["spec"]["template"]["metadata"]["labels"].items()
    for selector in (
        the(default, "Deployment")["spec"]["selector"]["matchLabels"],
        the(default, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        the(default, "Service")["spec"]["selector"],
    ):
        assert selector.items() <= labels


def test_default_policy_only_observes_and_is_valid(default: list[Manifest]) -> None:
    policy = checked(PackingPolicy, the(default, "PackingPolicy"), where="chart")
    assert policy.spec.mode is Mode.OBSERVE


def test_whole_spec_of_the_policy_can_be_given() -> None:
    spec = '{"mode": "Act", "limits": {"movesPerPlan": 1}, "windows": []}'
    policy = the(render(f"policy.spec={spec}"), "PackingPolicy")
    assert policy["spec"] == {"mode": "Act", "limits": {"movesPerPlan": 1}, "windows": []}


def test_crds_are_the_generated_ones_and_are_kept(default: list[Manifest]) -> None:
    found = of_kind(default, "CustomResourceDefinition")
    assert [each["spec"] for each in found] == [each["spec"] for each in crds.documents()]
    for each in found:
        assert each["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    for each in of_kind(render("crds.keep=false"), "CustomResourceDefinition"):
        assert "annotations" not in each["metadata"]


@pytest.mark.parametrize(
    ("off", "gone"),
    [
        ("crds.install=false", {"CustomResourceDefinition"}),
        ("policy.create=false", {"PackingPolicy"}),
        ("gate.create=false", {"MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"}),
        ("podDisruptionBudget.create=false", {"PodDisruptionBudget"}),
        ("metrics.service.create=false", {"Service"}),
        ("rbac.create=false", {"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"}),
    ],
)
def test_what_is_switched_off_is_gone_and_nothing_else(
    off: str, gone: set[str], default: list[Manifest]
) -> None:
    assert kinds(default) - kinds(render(off)) == gone


@pytest.mark.parametrize(
    ("on", "kind"),
    [
        ("metrics.serviceMonitor.create=true", "ServiceMonitor"),
        ("networkPolicy.create=true", "NetworkPolicy"),
    ],
)
def test_what_is_switched_on_is_there(on: str, kind: str, default: list[Manifest]) -> None:
    assert kinds(render(on)) - kinds(default) == {kind}


def test_foreign_service_account_gets_the_roles() -> None:
    manifests = render("serviceAccount.create=false", 'serviceAccount.name="theirs"')
    assert not of_kind(manifests, "ServiceAccount")
    assert the(manifests, "ClusterRoleBinding")["subjects"][0]["name"] == "theirs"
    assert the(manifests, "RoleBinding")["subjects"][0]["name"] == "theirs"
    said = refusal("serviceAccount.create=false")
    assert "serviceAccount.name: give the name of an existing ServiceAccount" in said


@pytest.mark.parametrize("kind", ["MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"])
def test_gate_uses_what_the_api_server_has(kind: str, default: list[Manifest]) -> None:
    assert the(default, kind)["apiVersion"] == "admissionregistration.k8s.io/v1"
    assert the(render(api=BETA), kind)["apiVersion"] == "admissionregistration.k8s.io/v1beta1"
    assert not of_kind(render(api="v1"), kind)


def test_gate_speaks_the_operators_words(default: list[Manifest]) -> None:
    binding = the(default, "MutatingAdmissionPolicyBinding")["spec"]
    assert binding["paramRef"] == {
        "namespace": "packing",
        "selector": {"matchLabels": {marks.GATE_LABEL: "armed"}},
        "parameterNotFoundAction": "Allow",
    }
    policy = the(default, "MutatingAdmissionPolicy")
    assert policy["metadata"]["name"] == binding["policyName"] == marks.PLACEMENT_GATE
    assert policy["spec"]["failurePolicy"] == "Ignore"
    (mutation,) = policy["spec"]["mutations"]
    assert f'"{marks.GATE}"' in mutation["applyConfiguration"]["expression"]
    assert f'"{marks.PLAN}"' in mutation["applyConfiguration"]["expression"]


def test_image_is_chosen_by_tag_or_digest() -> None:
    digest = "sha256:" + "0" * 64
    assert container(render('image.tag="7"'))["image"].endswith(":7")
    assert container(render(f'image.digest="{digest}"'))["image"].endswith(f"@{digest}")


def test_spread_gets_the_labels_of_the_release_unless_it_has_its_own() -> None:
    spread = '[{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"%s}]'
    own = ', "labelSelector": {"matchLabels": {"a": "b"}}'
    for text, expected in (
        (spread % "", {"app.kubernetes.io/name": "restow", "app.kubernetes.io/instance": "restow"}),
        (spread % own, {"a": "b"}),
    ):
        manifest = the(render(f"topologySpreadConstraints={text}"), "Deployment")
        (made,) = manifest["spec"]["template"]["spec"]["topologySpreadConstraints"]
        assert made["labelSelector"]["matchLabels"] == expected
        assert made["topologyKey"] == "zone"


def test_scrapes_can_be_limited_to_peers() -> None:
    peer = {"namespaceSelector": {"matchLabels": {"a": "b"}}}
    values = json.dumps({"create": True, "from": [peer]})
    probes, scrapes = the(render(f"networkPolicy={values}"), "NetworkPolicy")["spec"]["ingress"]
    assert probes == {"ports": [{"port": "health"}]}
    assert scrapes == {"ports": [{"port": "metrics"}], "from": [peer]}


PROFILES = (
    'schedulerConfig={"profiles": [{"pluginConfig": [{"name": "NodeAffinity", "args": '
    '{"addedAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": '
    '[{"matchExpressions": [{"key": "team", "operator": "Exists"}]}]}}}}]}]}'
)


def test_schedulers_configuration_reaches_the_operator_as_it_reads_it(tmp_path: Path) -> None:
    manifests = render(PROFILES)
    pod = the(manifests, "Deployment")["spec"]["template"]
    (variable,) = [
        each for each in container(manifests)["env"] if each["name"] == "RESTOW_SCHEDULER_CONFIG"
    ]
    (mount,) = [
        each
        for each in container(manifests)["volumeMounts"]
        if variable["value"].startswith(f"{each['mountPath']}/")
    ]
    (volume,) = [each for each in pod["spec"]["volumes"] if each["name"] == mount["name"]]
    configuration = the(manifests, "ConfigMap")
    assert volume["configMap"]["name"] == configuration["metadata"]["name"]
    name = variable["value"].removeprefix(f"{mount['mountPath']}/")
    file = tmp_path / name
    file.write_text(configuration["data"][name])
    assert set(added_affinity(file)) == {"default-scheduler"}
    assert pod["metadata"]["annotations"]["checksum/scheduler-config"]


def test_operator_looks_for_no_configuration_of_the_scheduler_by_default(
    default: list[Manifest],
) -> None:
    assert "ConfigMap" not in kinds(default)
    assert "RESTOW_SCHEDULER_CONFIG" not in {each["name"] for each in container(default)["env"]}


def test_a_dask_cluster_is_named_to_the_operator_and_none_by_default(
    default: list[Manifest],
) -> None:
    def told(manifests: list[Manifest]) -> list[str]:
        variables = container(manifests)["env"]
        return [each["value"] for each in variables if each["name"] == "RESTOW_DASK_SCHEDULER"]

    assert told(default) == []
    assert told(render('solver.daskScheduler="tcp://dask:8786"')) == ["tcp://dask:8786"]


def test_a_prometheus_is_named_to_the_operator_and_none_by_default(
    default: list[Manifest],
) -> None:
    def told(manifests: list[Manifest]) -> list[str]:
        variables = container(manifests)["env"]
        return [each["value"] for each in variables if each["name"] == "RESTOW_PROMETHEUS"]

    assert told(default) == []
    assert told(render('prometheus.url="http://prom:9090"')) == ["http://prom:9090"]


def mounted(manifests: list[Manifest], path: str) -> Manifest | None:
    """Return the volume that is mounted there."""
    names = [m["name"] for m in container(manifests)["volumeMounts"] if m["mountPath"] == path]
    volumes = the(manifests, "Deployment")["spec"]["template"]["spec"]["volumes"]
    return next((each for each in volumes if [each["name"]] == names), None)


OWN = "/var/run/secrets/kubernetes.io/serviceaccount"


@pytest.mark.parametrize(
    ("given", "token", "authority", "secret"),
    [
        ({}, None, None, None),
        ({"existingSecret": {"name": "thanos"}}, "/etc/prometheus/token", None, "thanos"),
        (
            {"existingSecret": {"name": "thanos", "tokenKey": "t", "caKey": "ca.crt"}},
            "/etc/prometheus/t",
            "/etc/prometheus/ca.crt",
            "thanos",
        ),
        (
            {"existingSecret": {"name": "ca", "caKey": "ca.crt"}, "tokenFile": f"{OWN}/token"},
            f"{OWN}/token",
            "/etc/prometheus/ca.crt",
            "ca",
        ),
        (
            {"tokenFile": f"{OWN}/token", "caFile": f"{OWN}/service-ca.crt"},
            f"{OWN}/token",
            f"{OWN}/service-ca.crt",
            None,
        ),
        ({"existingSecret": {"tokenKey": "t", "caKey": "c"}}, None, None, None),
    ],
    ids=["none", "a token", "a Secret", "some of each", "the operator's own", "no name"],
)
def test_what_prometheus_is_shown_comes_from_a_secret_or_from_files(
    given: Manifest, token: str | None, authority: str | None, secret: str | None
) -> None:
    manifests = render(f"prometheus={json.dumps({'url': 'https://prom:9091', **given})}")
    told = {each["name"]: each.get("value") for each in container(manifests)["env"]}
    assert told["RESTOW_PROMETHEUS"] == "https://prom:9091"
    assert told.get("RESTOW_PROMETHEUS_TOKEN_FILE") == token
    assert told.get("RESTOW_PROMETHEUS_CA_FILE") == authority
    assert "RESTOW_PROMETHEUS_INSECURE_SKIP_TLS_VERIFY" not in told
    volume = mounted(manifests, "/etc/prometheus")
    assert (volume and volume["secret"]["secretName"]) == secret


def test_tls_is_verified_unless_that_is_turned_off() -> None:
    manifests = render('prometheus={"url": "https://prom", "insecureSkipTLSVerify": true}')
    told = {each["name"]: each.get("value") for each in container(manifests)["env"]}
    assert told["RESTOW_PROMETHEUS_INSECURE_SKIP_TLS_VERIFY"] == "true"


def test_further_volumes_are_mounted_beside_the_charts_own() -> None:
    volume = {"name": "ca", "configMap": {"name": "openshift-service-ca.crt"}}
    mount = {"name": "ca", "mountPath": "/etc/ca", "readOnly": True}
    manifests = render(
        f"extraVolumes={json.dumps([volume])}", f"extraVolumeMounts={json.dumps([mount])}"
    )
    assert mounted(manifests, "/etc/ca") == volume
    assert mounted(manifests, "/tmp") is not None
