"""What people ask and how an answer begins: at least eight natural phrasings for every task, and frames for answers.

`{quoted}` is the headword in quotation marks, `{sentence}` a sentence in quotation marks, `{slang}` is "slang" or, for
another language, "Indonesian slang". A phrasing is chosen by a hash of the entry's id, so
that it never depends on the order of rows.
"""

from __future__ import annotations

PROMPTS: dict[str, tuple[str, ...]] = {
    "define_term": (
        "What does {quoted} mean?",
        "What does {quoted} mean in {slang}?",
        "Can you explain the {slang} term {quoted}?",
        "Somebody just wrote {quoted} to me. What is that supposed to mean?",
        "I keep seeing {quoted} online. What does it mean?",
        "What is the meaning of {quoted}?",
        "Define {quoted}.",
        "How would you explain {quoted} to somebody who has never heard it?",
        "What do people mean when they say {quoted}?",
        "Hey, quick question: what’s {quoted}?",
        "Could you tell me what {quoted} means?",
        "My friend uses {quoted} a lot and I don’t get it. Help me out?",
    ),
    "explain_sentence": (
        "What is the meaning of this sentence, {sentence}",
        "What does this sentence mean? {sentence}",
        "Can you explain this to me: {sentence}",
        "I got this message and don’t understand it: {sentence}",
        "Explain the slang in this sentence: {sentence}",
        "Someone posted {sentence} What do they mean?",
        "Please help me understand this: {sentence}",
        "I don’t get this one: {sentence} What is being said?",
        "How should I read this? {sentence}",
        "What is going on in this sentence? {sentence}",
    ),
    "plain": (
        "Say this in plain English: {sentence}",
        "Rewrite this without slang: {sentence}",
        "How would you put this in standard English? {sentence}",
        "Please turn this into plain language: {sentence}",
        "Translate this slang into everyday English: {sentence}",
        "My grandmother should understand this. Can you rephrase it? {sentence}",
        "Make this sentence formal: {sentence}",
        "What would this be in plain words? {sentence}",
        "Rephrase this so that anybody can understand it: {sentence}",
    ),
    "slangify": (
        "Say this in slang: {sentence}",
        "Rewrite this the way a teenager would say it: {sentence}",
        "How would people put this in slang? {sentence}",
        "Make this sound casual and slangy: {sentence}",
        "Turn this into slang: {sentence}",
        "Can you make this sentence less stiff, with some slang? {sentence}",
        "What would this be in Gen Z slang? {sentence}",
        "Give me a slang version of this: {sentence}",
        "Text this to a friend for me, in slang: {sentence}",
    ),
    "use_in_sentence": (
        "Use {quoted} in a sentence.",
        "Can you give me an example of {quoted}?",
        "How do people use {quoted}?",
        "Show me {quoted} in a sentence.",
        "I want to use {quoted}. What would that sound like?",
        "Write an example sentence with {quoted}.",
        "What does {quoted} look like in real use?",
        "Give me a sentence in which someone says {quoted}.",
        "How would I use {quoted} in a message?",
    ),
    "tell_senses_apart": (
        "What are the different meanings of {quoted}?",
        "Does {quoted} have more than one meaning?",
        "I have seen {quoted} used in different ways. What can it mean?",
        "Which senses does the {slang} term {quoted} have?",
        "How do I tell the meanings of {quoted} apart?",
        "List the things that {quoted} can mean.",
        "People seem to mean different things by {quoted}. Can you sort them out?",
        "Is {quoted} ambiguous in {slang}?",
        "What are all the ways in which people use {quoted}?",
    ),
    "which_sense": (
        "Which meaning of {quoted} is meant here? {sentence}",
        "{quoted} can mean several things. What does it mean in this sentence? {sentence}",
        "In which sense is {quoted} used here? {sentence}",
        "What does {quoted} mean in this sentence? {sentence}",
        "Read this: {sentence} What does the writer mean by {quoted}?",
        "Which sense of {quoted} is this? {sentence}",
        "I know that {quoted} has more than one meaning. Which one fits here? {sentence}",
        "Help me work out what {quoted} means here: {sentence}",
        "What is {quoted} supposed to mean in this one? {sentence}",
    ),
}

STANDS_FOR = ("stands for", "is short for", "is an abbreviation of")
MEANS_QUOTED = ("means", "is slang for")
MEANS_SAYING = (*MEANS_QUOTED, "is another way of saying")
MEANS_NOUN = ("refers to", "means", "is slang for", "is a slang term for")
SYMBOL_MEANS = ("means", "stands for")

BEGIN_EXAMPLE = (
    "For example,",
    "People use it like this:",
    "You might see it like this:",
    "In a message it looks like this:",
)
BEGIN_DIALOGUE = ("You might see it like this:", "Here it is in use:", "This is how it sounds:")
BEGIN_SENTENCE = ("Here, ", "In this sentence, ", "In this case, ")
BEGIN_EXCHANGE = ("Here, ", "In this case, ")
BEGIN_PLAIN = ("", "It means: ", "In plain words: ", "In other words: ")
BEGIN_SLANG = ("", "You could say: ", "In slang, that could be: ", "How about this: ")
BEGIN_USE = ("", "Like this: ", "Here is one: ", "Here you go: ", "For instance: ")
BEGIN_STANDALONE = (
    "Here is what people mean{where} when they say {quoted}: ",
    "This is what people mean{where} by {quoted}: ",
    "When people say {quoted}{where}, they mean this: ",
)
BEGIN_SENSES = (
    "{quoted} has {count} meanings:",
    "{quoted} can mean {count} different things:",
    "{quoted} is used in {count} ways:",
)
BEGIN_SOME_SENSES = "{quoted} has many meanings, among them:"
BEGIN_APART = (
    "{quoted} has more than one meaning. It depends on how it is used:",
    "The sentence shows which meaning of {quoted} it is:",
    "There is more than one meaning of {quoted}:",
    "People use {quoted} in different ways:",
)

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

# BCP 47 primary language → its English name; a language that is not here is told as "slang" alone.
LANGUAGES = {
    "id": "Indonesian", "sw": "Swahili", "uk": "Ukrainian", "es": "Spanish", "fr": "French", "de": "German",
    "pt": "Portuguese", "it": "Italian", "nl": "Dutch", "pl": "Polish", "ru": "Russian", "tr": "Turkish",
    "ar": "Arabic", "hi": "Hindi", "ja": "Japanese", "ko": "Korean", "zh": "Chinese", "vi": "Vietnamese",
    "th": "Thai", "tl": "Tagalog", "ms": "Malay", "sv": "Swedish", "da": "Danish", "fi": "Finnish", "no": "Norwegian",
    "nb": "Norwegian", "cs": "Czech", "el": "Greek", "he": "Hebrew", "hu": "Hungarian", "ro": "Romanian",
    "pcm": "Nigerian Pidgin", "jv": "Javanese", "yo": "Yoruba", "zu": "Zulu", "fa": "Persian", "bn": "Bengali",
    "ur": "Urdu", "ta": "Tamil", "sr": "Serbian", "hr": "Croatian", "bg": "Bulgarian", "ca": "Catalan",
}  # fmt: skip
