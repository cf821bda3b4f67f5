# needs: numpy faiss-cpu
# An index that Faiss makes of weft's flat file finds each word's own row.
import tempfile

import faiss
import numpy as np

from support import check, copy, show

draws = np.random.default_rng(5)
vectors = draws.normal(size=(300, 16)).astype(np.float32)
words = [f"video_{i}" if i % 3 else f"caf\u00e9{i}" for i in range(300)]
with tempfile.TemporaryDirectory() as directory:
    with open(f"{directory}/v.txt", "w", encoding="utf-8") as file:
        for word, vector in zip(words, vectors):
            print(word, *(repr(float(number)) for number in vector), file=file)
    copy("glove", f"{directory}/v.txt", "fvecs", f"{directory}/v.fvecs")
    read = np.fromfile(f"{directory}/v.fvecs", dtype=np.float32).reshape(-1, 17)
    check((read[:, 0].copy().view(np.int32) == 16).all(), "a row does not start with its dimension")
    read = np.ascontiguousarray(read[:, 1:])
    check(np.array_equal(read, vectors), "other numbers")
    with open(f"{directory}/v.fvecs.ids", encoding="utf-8") as file:
        ids = file.read().splitlines()
    check(ids == words, "other words")
    index = faiss.IndexFlatL2(16)
    index.add(read)
    distances, rows = index.search(vectors, 1)
    check(rows[:, 0].tolist() == list(range(300)) and not distances.any(), "a row is not its own neighbour")
    again = show("fvecs", f"{directory}/v.fvecs")
    check(again["words"] == words and np.array_equal(again["vectors"], vectors), "weft reads other rows")
