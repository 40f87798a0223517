"""A four-way choice for lm-evaluation-harness, which imports this file from the folder that `write_task` copies it to.

The prompts in the questions' file are rendered already. Most chat templates end a prompt with line breaks, and the
harness counts blanks at the end of a context as the beginning of the answer. Their log-probability is the same for all
four answers, but acc_norm divides by the answer's length: so it is asked for by itself, and taken away.
"""

# mypy: disable-error-code="import-not-found,import-untyped,misc"
# (lm-eval is optional, and has no types)

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lm_eval.api.instance import Instance
from lm_eval.api.task import ConfigurableTask

Scored = tuple[float, bool]  # log-probability of a continuation, and whether greedy decoding would give it


class FourWayChoice(ConfigurableTask):
    """The task of a YAML file; its questions are in the JSONL file of the same name: prompt, choices, gold."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config={name: value for name, value in config.items() if name != "class"})

    def download(self, dataset_kwargs: dict[str, Any] | None = None, **_: Any) -> None:
        from datasets import Dataset

        lines = Path(__file__).with_name(f"{self.config.task}.jsonl").read_text(encoding="utf-8").split("\n")
        self.dataset = {"test": Dataset.from_list([json.loads(line) for line in lines if line])}

    def construct_requests(self, doc: dict[str, Any], ctx: str, **rest: Any) -> list[Instance]:
        """Four answers to the question, four to nothing, and the blanks at the prompt's end."""
        if ctx != doc["prompt"] or rest.pop("apply_chat_template", False):
            raise ValueError(
                f"{self.config.task}: its prompts are rendered already: run it without --apply_chat_template, "
                "--system_instruction and --num_fewshot"
            )
        rest.pop("chat_template", None)
        requests: list[Instance] = super().construct_requests(doc, ctx, **rest)
        prompt = ctx.rstrip()
        if prompt != ctx:
            asked = (prompt, ctx[len(prompt) :])
            requests.append(Instance("loglikelihood", doc=doc, arguments=asked, idx=len(requests), **rest))
        return requests

    def process_results(self, doc: dict[str, Any], results: list[Scored]) -> dict[str, Any]:
        """acc, acc_norm and acc_mutual_info of one question."""
        count = len(doc["choices"])
        answers, alone, rest = results[:count], results[count : 2 * count], results[2 * count :]
        blanks = rest[0][0] if rest else 0.0
        said = [(score - blanks, greedy) for score, greedy in answers]
        measures: dict[str, Any] = super().process_results(doc, [*said, *alone])
        return measures
