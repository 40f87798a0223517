"""How collect works: polite, resumable crawls of slang sites into snapshots that a build reads.

source.py      what a source is: its licence and manners, which pages it asks for, what records they hold
sources/       one file a source; its __init__ says how to add one
terms.py       which terms to look up, and which are refused
run.py         one collect from its options to the sealed snapshot
crawl.py       a source's asks as a Scrapy crawl; faults.py: why a page could not be had
local.py       a source that lies here, part by part
settings.py    Scrapy's settings: who we say we are, how slowly we go
patience.py    Retry-After and back-off
safety.py      no address that is not public, nothing but http and https; robots.txt
cache.py       answers kept for conditional requests, each file whole or not there
journal.py     every page that was read, appended in one piece: what a killed crawl goes on from
snapshot.py    the sealed folder with its manifest
freshness.py   what is new, changed or vanished since the last collect

The rest serves single sources: glossary*.py (pages found by their structure), wiktionary_senses.py, files.py, hub.py,
columns.py, rights.py, matching.py; gaps.py finds terms that have no entry.
"""
