"""What is asked of the lab's model and how an answer begins. Nothing says "slang": fine-tuning is there to teach it.

`{word}` is a word, `{part}` its part of speech, `{meaning}` what it means, `{sentence}` a sentence, `{other}` another
word.
Answers repeat the word in quotation marks, so that the model learns to take it from the question.
"""

from __future__ import annotations

PARTS = {"n": "noun", "v": "verb", "a": "adjective", "r": "adverb"}

QUESTIONS: dict[str, tuple[str, ...]] = {
    "define": (
        "What does “{word}” mean?",
        "What is the meaning of “{word}”?",
        "Define “{word}”.",
        "Define the {part} “{word}”.",
        "Can you explain the {part} “{word}”?",
        "Could you tell me what the {part} “{word}” means?",
        "How would you explain “{word}”?",
        "What does the {part} “{word}” mean?",
    ),
    "define_in_sentence": (
        "What does “{word}” mean in this sentence? “{sentence}”",
        "“{sentence}” What does “{word}” mean here?",
        "Read this: “{sentence}” What is meant by “{word}”?",
        "Which meaning of “{word}” is this? “{sentence}”",
    ),
    "explain_sentence": (
        "What is the meaning of this sentence? “{sentence}”",
        "What does this mean? “{sentence}”",
        "Can you explain this to me: “{sentence}”",
        "Help me understand this: “{sentence}”",
        "“{sentence}”",
    ),
    "use": (
        "Use “{word}” in a sentence.",
        "Give me an example of “{word}”.",
        "Show me the {part} “{word}” in use.",
        "How is “{word}” used?",
    ),
    "which_word": (
        "Which {part} means this: {meaning}?",
        "What is the word for this: {meaning}?",
        "I am looking for a {part}. It means: {meaning}.",
        "Which word means “{meaning}”?",
    ),
    "kind": (
        "What kind of thing is “{word}”?",
        "What is “{word}”, in one or two words?",
        "What does “{word}” belong to?",
    ),
    "synonyms": (
        "What is another word for “{word}”?",
        "Give me a synonym of “{word}”.",
        "How else can I say “{word}”?",
    ),
    "blank": (
        "Which word is missing? “{sentence}”",
        "Fill in the blank: “{sentence}”",
    ),
    "other_words": (
        "Say this in other words: “{sentence}”",
        "How else could you put this? “{sentence}”",
        "Rephrase this: “{sentence}”",
        "Rewrite this sentence: “{sentence}”",
    ),
    "hacker": (
        "What do hackers mean by “{word}”?",
        "What does “{word}” mean to a programmer?",
        "Explain “{word}” as a hacker would.",
    ),
    "cynic": (
        "How would a cynic define “{word}”?",
        "What would a cynic say about “{word}”?",
        "Give me a bitter definition of “{word}”.",
    ),
}

ANSWERS: dict[str, tuple[str, ...]] = {
    "define_n": ("“{word}” means {meaning}.", "“{word}” refers to {meaning}.", "“{word}” is {meaning}."),
    "define_v": ("“{word}” means to {meaning}.", "To “{word}” means to {meaning}."),
    "define_a": ("“{word}” means {meaning}.", "“{word}” is another way of saying {meaning}."),
    "define_r": ("“{word}” means {meaning}.", "“{word}” is another way of saying {meaning}."),
    "here_n": ("Here, “{word}” means {meaning}.", "In this sentence, “{word}” means {meaning}."),
    "here_v": ("Here, to “{word}” means to {meaning}.", "In this sentence, “{word}” means to {meaning}."),
    "here_a": ("Here, “{word}” means {meaning}.", "In this sentence, “{word}” means {meaning}."),
    "here_r": ("Here, “{word}” means {meaning}.", "In this sentence, “{word}” means {meaning}."),
    "example": (" For example: “{sentence}”", " You could say: “{sentence}”", " It is used like this: “{sentence}”"),
    "synonym": (" Another word for it is “{other}”.", " It is also called “{other}”.", " You can also say “{other}”."),
    "use": ("“{sentence}”", "You could say: “{sentence}”", "For example: “{sentence}”", "Here is one: “{sentence}”"),
    "which_word": ("The {part} is “{word}”.", "That is “{word}”.", "The word is “{word}”."),
    "kind": ("“{word}” is a kind of “{other}”.", "It is a kind of “{other}”."),
    "synonyms": (
        "Another word for “{word}” is “{other}”.", "You can say “{other}”.", "“{other}” means the same as “{word}”."
    ),
    "blank": ("The missing word is “{word}”.", "It is “{word}”.", "“{word}”"),
    "other_words": ("{sentence}", "You could say: “{sentence}”", "It means: {sentence}"),
}  # fmt: skip
BLANK = "____"
