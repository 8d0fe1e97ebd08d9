import { alpha } from "../src/a";
it("adds", () => expect(alpha(1)).toBe(2));
