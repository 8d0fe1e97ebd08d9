def count(word, seen={}):  # HIT
    seen[word] = seen.get(word, 0) + 1
    return len(seen)
