def index(documents, store):
    for document in documents:
        try:
            store.add(document)
        except Exception:  # HIT
            continue
