"""Tiny models of random weights, as vLLM loads them: one of each way to lay out a KV cache.

    python scripts/tiny_models.py FOLDER [KIND…]    in the environment that scripts/real_vllm.py makes

`model` is dense (Qwen3), `model-sliding` mixes windows with full attention (Gemma 3), `model-hybrid` mixes gated delta
net with full attention and has experts (Qwen3-Next: vLLM's Qwen3.5 needs torchvision). What they say is nonsense. Their
tokenizer is trained on this repository.
"""

import sys
from pathlib import Path
from typing import Any

FOLDERS = {"dense": "model", "sliding": "model-sliding", "hybrid": "model-hybrid"}
LENGTH = 32_768  # tokens, prompt and answer
WINDOW = 512  # tokens that a sliding layer sees
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
SHAPE = {
    "hidden_size": 128, "intermediate_size": 256, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 32,
    "max_position_embeddings": LENGTH, "tie_word_embeddings": True,
}  # fmt: skip
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


def make(folder: Path, kind: str) -> None:
    """What is there already is kept."""
    target = folder / FOLDERS[kind]
    if (target / "config.json").exists():
        return
    import torch

    tokens = tokenizer()
    torch.manual_seed(1)
    made = model(kind, {"vocab_size": len(tokens), "eos_token_id": tokens.eos_token_id,
                        "pad_token_id": tokens.pad_token_id, "bos_token_id": None})  # fmt: skip
    tokens.save_pretrained(target)
    made.save_pretrained(target)


def model(kind: str, words: dict[str, Any]) -> Any:
    import transformers as t

    full, window, linear = "full_attention", "sliding_attention", "linear_attention"
    if kind == "sliding":
        layers = [window, window, full] * 2
        about = {**SHAPE, "sliding_window": WINDOW, "query_pre_attn_scalar": 32, "layer_types": layers}
        return t.Gemma3ForCausalLM(t.Gemma3TextConfig(num_hidden_layers=len(layers), **about, **words))
    if kind == "hybrid":
        layers = [linear, linear, linear, full] * 2
        heads = {"linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 64,
                 "linear_value_head_dim": 64, "layer_types": layers}  # fmt: skip
        experts = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 64,
                   "shared_expert_intermediate_size": 64}  # fmt: skip
        config = t.Qwen3NextConfig(num_hidden_layers=len(layers), **SHAPE, **heads, **experts, **words)
        return t.Qwen3NextForCausalLM(config)
    return t.Qwen3ForCausalLM(t.Qwen3Config(num_hidden_layers=2, **{**SHAPE, "tie_word_embeddings": False}, **words))


def tokenizer() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

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
    return tokens


if __name__ == "__main__":
    for name in sys.argv[2:] or FOLDERS:
        make(Path(sys.argv[1]), name)
