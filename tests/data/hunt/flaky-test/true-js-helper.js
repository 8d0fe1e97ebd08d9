// at: test/helper.test.js
test("retries", async (t) => {
  queue.push(job);
  await sleep(500); // HIT
  t.assert.equal(job.tries, 2);
});
