"""What lies in deploy/ for containers and clusters: valid by their schemas, and in agreement with the gateway."""

import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from factory.contracts.record import Json
from factory.settings import Settings, load

DEPLOY = Path(__file__).parent.parent.parent / "deploy"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
VERSIONS = ("1.30", "1.33")  # the oldest that is meant to work, and a newer one
VOLUME, CONFIG = "/var/lib/dark-factory", "/etc/dark-factory/factory.toml"
COMPOSE: Json = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text())


def documents(path: Path) -> list[Json]:
    return [each for each in yaml.safe_load_all(path.read_text()) if each]


def of_kind(kind: str) -> Iterator[Json]:
    return (each for path in MANIFESTS for each in documents(path) if each["kind"] == kind)


def the(kind: str) -> Json:
    return next(of_kind(kind))


def settings(text: str, folder: Path) -> Settings:
    path = folder / "factory.toml"
    path.write_text(text)
    return load(path, None, {})


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_kubernetes_takes_it(path: Path, version: str) -> None:
    for document in documents(path):
        kubernetes_validate.validate(document, version, strict=True)


def test_the_check_finds_a_wrong_field() -> None:
    broken = {**the("Service"), "spec": {**the("Service")["spec"], "selecter": {}}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, VERSIONS[0], strict=True)


def test_service_policy_and_claim_belong_to_the_gateway() -> None:
    pod, names = the("Deployment")["spec"]["template"], {each["metadata"]["name"] for each in of_kind("Secret")}
    labels, spec = pod["metadata"]["labels"], pod["spec"]
    assert the("Service")["spec"]["selector"] == labels
    assert the("Deployment")["spec"]["selector"]["matchLabels"] == labels
    assert the("NetworkPolicy")["spec"]["podSelector"]["matchLabels"] == labels
    volumes = {each["name"]: each for each in spec["volumes"]}
    assert volumes["state"]["persistentVolumeClaim"]["claimName"] == the("PersistentVolumeClaim")["metadata"]["name"]
    assert volumes["config"]["configMap"]["name"] == the("ConfigMap")["metadata"]["name"]
    assert spec["containers"][0]["envFrom"][0]["secretRef"]["name"] in names
    assert {each["name"] for each in spec["containers"][0]["volumeMounts"]} == set(volumes)


def test_one_gateway_writes_the_ledger_and_may_do_little_else() -> None:
    deployment = the("Deployment")["spec"]
    container: Json = deployment["template"]["spec"]["containers"][0]
    assert (deployment["replicas"], deployment["strategy"]["type"]) == (1, "Recreate")
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert not deployment["template"]["spec"]["automountServiceAccountToken"]
    state = {each["name"]: each["value"] for each in container["env"]}["FACTORY_STATE"]
    assert state.startswith(f"{VOLUME}/")  # the volume's root is writable by a group, which the gateway refuses


def test_the_cluster_s_settings_are_read_and_its_probes_use_a_name_that_is_served(tmp_path: Path) -> None:
    own = settings(the("ConfigMap")["data"]["factory.toml"], tmp_path)
    assert own.serve.keys
    container: Json = the("Deployment")["spec"]["template"]["spec"]["containers"][0]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked = container[probe]["httpGet"]
        assert asked["httpHeaders"][0]["value"] in own.serve.names
    assert container["ports"][0]["containerPort"] == own.serve.port == the("Service")["spec"]["ports"][0]["port"]
    assert the("Service")["metadata"]["name"] in own.serve.names


def test_compose_names_what_it_declares(tmp_path: Path) -> None:
    services: Json = COMPOSE["services"]
    for service in services.values():
        assert set(service["networks"]) <= set(COMPOSE["networks"])
        named = {each.split(":")[0] for each in service["volumes"]}
        assert {each for each in named if not each.startswith(".")} <= set(COMPOSE["volumes"])
        assert set(service.get("depends_on", {})) <= set(services)
    own = settings((DEPLOY / "compose" / "factory.toml").read_text(), tmp_path)
    assert own.endpoints["engine"].url == "http://engine:8000/v1"
    assert f"./factory.toml:{CONFIG}:ro" in services["gateway"]["volumes"]
    assert services["gateway"]["ports"] == [f"127.0.0.1:{own.serve.port}:{own.serve.port}"]
    assert "ports" not in services["engine"]


def test_keys_that_stand_there_open_nothing(tmp_path: Path) -> None:
    """A SHA-256 of zeros has no known key."""
    texts = [(DEPLOY / "compose" / "factory.toml").read_text(), the("ConfigMap")["data"]["factory.toml"]]
    for text in texts:
        keys: dict[str, Any] = tomllib.loads(text)["serve"]["keys"]
        assert [key["sha256"] for key in keys.values()] == ["0" * 64]


def test_the_image_is_built_as_a_linter_would_have_it() -> None:
    hadolint = shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("hadolint has no wheel for this machine")
    done = subprocess.run([hadolint, DEPLOY / "Containerfile"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_image_runs_the_gateway_as_nobody_in_particular() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    user = the("Deployment")["spec"]["template"]["spec"]["securityContext"]["runAsUser"]
    assert f"USER {user}:{user}" in text
    assert f'CMD ["serve", "--config", "{CONFIG}"]' in text
    assert f"VOLUME {VOLUME}" in text
