import { Repository } from "./repository";
export const branches = (repository: Repository) => repository.fetch("origin", { prune: true });
