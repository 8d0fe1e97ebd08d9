// at: bin/clean.ts
import axios from "axios";

axios.get("/api/").then((answer) => console.log(answer.data));
