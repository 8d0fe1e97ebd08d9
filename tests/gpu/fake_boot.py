"""How the fake engine starts: its flags, its boot log, the memory it takes, the ways in which it does not start."""

import argparse
import os
import signal
import sys
import time

CRASHES = {
    "oom": "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.21 GiB. GPU 0 has a total capacity of "
    "23.58 GiB of which 512.00 MiB is free.",
    "pool": "ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when "
    "initializing the engine.",
    "arguments": "vllm: error: unrecognized arguments: --no-such-flag",
    "missing": "OSError: /models/none does not appear to have a file named config.json.",
    "silent": "",
    "killed": "",
}


def say(text: str) -> None:
    print(f"(EngineCore pid={os.getpid()}) INFO 11-21 01:10:22 [fake.py:1] {text}", flush=True)


def hold(flags: argparse.Namespace, gib: float) -> bool:
    """Takes so much of each of its cards of the device double, instead of what it had; False when it does not fit."""
    if not os.environ.get("FACTORY_DEVICE"):
        return True
    from pathlib import Path

    sys.path.append(str(Path(__file__).parents[2]))
    from factory.gpu.double import DeviceDouble

    device, residue = DeviceDouble(Path(os.environ["FACTORY_DEVICE"])), round(flags.fake_residue_gib * 2**30)
    cards = [int(one) for one in os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",") if one]
    return all(device.hold(card, round(gib * 2**30), os.getpid(), residue) for card in cards)


def boot(flags: argparse.Namespace) -> None:
    config = f"model='{flags.model}', dtype=torch.bfloat16, max_seq_len={flags.max_model_len}, quantization=None"
    more = "kv_cache_dtype=auto, enable_prefix_caching=True"
    say(f"Initializing a V1 LLM engine (v{flags.fake_version}) with config: {config}, {more}")
    time.sleep(flags.fake_start_s)
    crash = flags.fake_crash or ("" if hold(flags, flags.fake_gib) else "oom")
    if crash:
        print(CRASHES[crash], flush=True)
        if crash == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        sys.exit(2 if crash == "arguments" else 1)
    tokens, longest = flags.fake_kv_tokens, flags.max_model_len
    say(f"Model loading took {flags.fake_gib:.2f} GiB memory and {flags.fake_start_s:.6f} seconds")
    say("Available KV cache memory: 4.00 GiB")
    say(f"GPU KV cache size: {tokens:,} tokens")
    say(f"Maximum concurrency for {longest:,} tokens per request: {tokens / longest:.2f}x")
    say(f"init engine (profile, create kv cache, warmup model) took {flags.fake_start_s:.2f} s")


def read_flags() -> argparse.Namespace:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("verb")
    parser.add_argument("model")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--served-model-name", nargs="+", default=["fake"])
    texts = {"--fake-crash": "", "--fake-version": "0.32.0"}
    counts = {"--port": 8000, "--max-model-len": 32_768, "--fake-tokens": 8, "--fake-kv-tokens": 262_144,
              "--fake-crash-after": -1, "--fake-hang-after": -1, "--fake-dead-after": -1, "--fake-sleep-fails": 0,
              "--fake-wake-fails": 0, "--fake-lines": 0, "--fake-children": 0}  # fmt: skip
    floats = {"--fake-start-s": 0.0, "--fake-first-s": 0.0, "--fake-token-s": 0.0, "--fake-sleep-s": 0.0,
              "--fake-wake-s": 0.0, "--fake-gib": 8.0, "--fake-leak-gib": 0.0, "--fake-residue-gib": 0.0}  # fmt: skip
    for names, kind in ((texts, str), (counts, int), (floats, float)):
        for name, default in names.items():
            parser.add_argument(name, type=kind, default=default)
    parser.add_argument("--fake-stubborn", action="store_true")
    return parser.parse_known_args()[0]
