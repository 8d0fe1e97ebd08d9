"""Pins with known advisories."""

from pathlib import Path

from tests.hunt.trees import found, hunted, tree

OSV = Path(__file__).parent.parent.parent / "data" / "osv"


def test_what_to_use_instead_is_said_and_one_finding_tells_what_two_databases_know(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, "pinned-advisory", {"requirements.txt": "parcelkit==1.4.2\n"}, advisories=str(OSV))
    assert "TEST-2026-0001 (CVE-0000-0001)" in finding.message
    assert (finding.severity, finding.fix) == ("high", "Use parcelkit 1.5.0 or later.")


def test_a_malicious_package_is_critical(tmp_path: Path) -> None:
    inner = '{"a": {"version": "1.0.0", "dependencies": {"evil-rack": {"version": "1.0.0"}}}}'
    lock = f'{{"lockfileVersion": 1, "dependencies": {inner}}}'
    (finding,) = found(tmp_path, "pinned-advisory", {"package-lock.json": lock}, advisories=str(OSV))
    assert finding.severity == "critical"


def test_without_a_database_nothing_is_claimed_and_a_broken_one_is_told(tmp_path: Path) -> None:
    ground = tree(tmp_path / "tree", {"requirements.txt": "parcelkit==1.4.2\n"})
    assert hunted(ground, "pinned-advisory").problems == ()
    broken = tmp_path / "osv.zip"
    broken.write_text("no zip")
    done = hunted(ground, "pinned-advisory", advisories=str(broken))
    assert done.findings == ()
    assert "cannot be read" in done.problems[0]
