"""`guide batch --engine ray` and `vllm`: whole collections on Ray Data, on one machine or many.

works.py    the records, from a file or any fsspec address
folder.py   the output: Parquet parts, the failures, what is written already
cluster.py  Ray, started here or found at an address
worker.py   an actor that holds the engine and writes guides
rounds.py   the verified writer where a whole text is drawn at once (vLLM)
vllm.py     vLLM, or a server of it, behind the rounds
run.py      the run: what is missing, written, lost and tried again
"""
