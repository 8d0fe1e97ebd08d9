it("is too", () => {});
