"""What of this machine is shown inside."""

from pathlib import Path

from factory.sandbox.system import view


def make_tool(path: Path) -> Path:
    path.parent.mkdir(parents=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_toolchains_outside_usr_are_bound_and_on_the_path(tmp_path: Path) -> None:
    go = make_tool(tmp_path / "sdk" / "go" / "bin" / "go")
    cargo = make_tool(tmp_path / ".cargo" / "bin" / "cargo")
    (tmp_path / ".cargo" / "credentials.toml").write_text("secret")
    (tmp_path / ".rustup").mkdir()
    found = view({"PATH": f"{go.parent}:{cargo.parent}:/usr/bin", "HOME": str(tmp_path)})
    bound = {bind.source for bind in found.binds}
    assert {tmp_path / "sdk" / "go", cargo.parent, tmp_path / ".rustup"} <= bound
    assert not {tmp_path, tmp_path / ".cargo"} & bound
    assert found.env["RUSTUP_HOME"] == str(tmp_path / ".rustup")
    assert found.env["CARGO_HOME"] == "/home/sandbox/.cargo"
    folders = found.env["PATH"].split(":")
    assert folders[:2] == ["/deps/venv/bin", "/factory/bin"]
    assert {str(go.parent), str(cargo.parent)} <= set(folders)


def test_a_tool_in_the_home_folder_does_not_show_the_home_folder(tmp_path: Path) -> None:
    node = make_tool(tmp_path / ".local" / "bin" / "node")
    go = make_tool(tmp_path / "bin" / "go")
    found = view({"PATH": f"{node.parent}:{go.parent}", "HOME": str(tmp_path)})
    bound = {bind.source for bind in found.binds if bind.source.is_relative_to(tmp_path)}
    assert bound == {node, go}


def test_nothing_secret_of_the_system_is_bound() -> None:
    targets = {bind.target for bind in view({"PATH": "/usr/bin", "HOME": "/nonexistent"}).binds}
    assert "/usr" in targets
    hidden = (
        "/etc",
        "/etc/shadow",
        "/etc/ssh",
        "/etc/ssl",
        "/etc/ssl/private",
        "/home",
        "/root",
        "/run",
        "/var",
        "/sys",
    )
    assert not targets & set(hidden)
    assert all(not bind.writable for bind in view({"PATH": "/usr/bin"}).binds)
