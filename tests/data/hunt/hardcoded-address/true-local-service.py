import requests


def completion(prompt: str) -> str:
    answer = requests.post("http://localhost:11434/api/generate", json={"prompt": prompt}, timeout=60)  # HIT
    return answer.json()["response"]
