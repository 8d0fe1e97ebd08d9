"""The environment of an engine: a chosen part of ours, never a key or a token, and what the settings add."""

import re
from collections.abc import Mapping

NAMES = {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "NO_PROXY"}
BEGINNINGS = (
    "LC_", "XDG_", "CUDA_", "NVIDIA_", "NCCL_", "HF_", "HUGGINGFACE_", "TRANSFORMERS_", "TORCH", "PYTORCH_", "TRITON_",
    "VLLM_", "FLASHINFER_", "OLLAMA_", "LLAMA_", "GGML_", "OMP_", "MKL_", "SSL_CERT_",
)  # fmt: skip
SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL|AUTH", re.IGNORECASE)


def environment(ours: Mapping[str, str], added: Mapping[str, str]) -> dict[str, str]:
    """`added` comes from the owner's settings and passes whole: a hub token that a model needs is put there."""
    kept = {name: value for name, value in ours.items() if name in NAMES or name.startswith(BEGINNINGS)}
    return {name: value for name, value in kept.items() if not SECRET.search(name)} | dict(added)


def without_secrets(text: str, added: Mapping[str, str]) -> str:
    """`text` without the secret values among `added`."""
    for name, value in added.items():
        if SECRET.search(name) and len(value) >= 4:
            text = text.replace(value, "***")
    return text
