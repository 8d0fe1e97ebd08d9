from abc import ABC, abstractmethod


class Store(ABC):
    @abstractmethod
    def put(self, key_of_the_store, value_of_the_store): ...

    def flush(self, deadline_of_flush):
        """Nothing to do here."""
