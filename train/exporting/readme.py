"""README.md of an export: what it is, and how each form is loaded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_ADAPTER = """
## adapter/

```python
from peft import AutoPeftModelForCausalLM
from transformers import AutoTokenizer

model = AutoPeftModelForCausalLM.from_pretrained("adapter")
tokenizer = AutoTokenizer.from_pretrained("adapter")
```

It needs the base model, {base}, on this machine or from the Hub.
"""

_MERGED = """
## merged/

Base and adapter in one, 16 bits.

```python
from transformers import AutoModelForCausalLM, AutoTokenizer

model = AutoModelForCausalLM.from_pretrained("merged")
tokenizer = AutoTokenizer.from_pretrained("merged")
chat = [{{"role": "user", "content": "What does “no cap” mean?"}}]
asked = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_tensors="pt", return_dict=True)
print(tokenizer.decode(model.generate(**asked, max_new_tokens=100)[0]))
```
"""

_GGUF = """
## gguf/

With Ollama:

```bash
cd gguf && ollama create {name} -f Modelfile && ollama run {name}
```

With llama.cpp:

```bash
llama-server -m gguf/{file} --jinja
```

q8_0 is half the size of merged/ and hardly differs; q4_k_m is about a third, and differs more, most of all where the
model is small. Messages should have no blanks at their ends: some chat templates trim them, Ollama's cannot.
"""

_OTHER_PROMPT = """
**Ask through the Modelfile.** This family's own chat template (`--jinja`, `apply_chat_template`) opens a reasoning that
was not trained; the Modelfile asks as training did.
"""


def readme(name: str, run: dict[str, Any], facts: dict[str, Any], forms: Iterable[str], file: str) -> str:
    """The page as Markdown; `run` and `facts` are what run.json and export.json say."""
    marks = "".join(f"\n- {mark}" for mark in run.get("marks", ()))
    text = f"# {name}\n\n{run['base']}, fine-tuned on {run.get('build', 'a built dataset')}. "
    text += f"Licence of the base: {run['licence']}. export.json holds the hash of every file.\n"
    text += f"\nMarks of the run:\n{marks}\n" if marks else ""
    told = {"adapter": _ADAPTER, "merged": _MERGED, "gguf": _GGUF}
    for form, page in told.items():
        if form in forms:
            text += page.format(name=name, base=run["base"], file=file)
    if facts.get("chat_template_asks_as_trained") is False:
        text += _OTHER_PROMPT
    return text + _proof(facts.get("same_ids", {}))


def _proof(same: dict[str, dict[str, int]]) -> str:
    if not same:
        return ""
    compared = ", ".join(f"{form} ({counts['conversations']} conversations)" for form, counts in same.items())
    return f"\n## Proof\n\nThe same token ids as in training, compared for {compared}.\n"
