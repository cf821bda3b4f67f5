# needs: gensim
# gensim reads what weft writes and weft what gensim writes. `--data DIR` makes the files in data/word_vectors.
import os
import sys
import tempfile

import numpy as np
from gensim.models import KeyedVectors


def save(words, vectors, directory):
    table = KeyedVectors(vectors.shape[1])
    table.add_vectors(words, vectors)
    table.save_word2vec_format(f"{directory}/gensim.txt")
    table.save_word2vec_format(f"{directory}/gensim.bin", binary=True)
    table.save_word2vec_format(f"{directory}/gensim_glove.txt", write_header=False)


if sys.argv[1] == "--data":
    numbers = [[1.5, -0.25, 1e-6], [0.1, 3.25, -2], [7, 8, 1 / 3]]
    save(["the", "caf\u00e9", "1999"], np.array(numbers, dtype=np.float32), sys.argv[2])
    sys.exit()

from support import check, copy, show  # noqa: E402  (takes the program's path from the arguments)

draws = np.random.default_rng(7)
for rows, dimension in [(1, 1), (7, 3), (500, 64)]:
    bits = draws.integers(0, 2**32, size=(rows, dimension), dtype=np.uint32)
    vectors = bits.view(np.float32)
    vectors = np.where(np.isfinite(vectors), vectors, np.float32(0.5))
    words = [f"w{i}\u00e9" if i % 2 else str(i) for i in range(rows)]
    with tempfile.TemporaryDirectory() as directory:
        save(words, vectors, directory)
        for name in ["gensim.txt", "gensim.bin", "gensim_glove.txt"]:
            form = "glove" if "glove" in name else "word2vec"
            read = show(form, os.path.join(directory, name))
            check(read["words"] == words, f"{name}: other words")
            check(np.array_equal(read["vectors"], vectors), f"{name}: other numbers")
        for form, binary in [("word2vec", False), ("word2vec_binary", True)]:
            path = os.path.join(directory, "weft")
            copy("word2vec", os.path.join(directory, "gensim.bin"), form, path)
            read = KeyedVectors.load_word2vec_format(path, binary=binary)
            check(read.index_to_key == words, f"{form}: gensim reads other words")
            check(np.array_equal(read.vectors, vectors), f"{form}: gensim reads other numbers")
