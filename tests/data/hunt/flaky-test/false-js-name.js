// at: test/name.test.js
const folder = `/tmp/run-${Math.floor(Math.random() * 1e9)}`;
it("writes", () => expect(write(folder)).toBe(true));
