import { total } from "./total";

console.log(total([1, 2]));
