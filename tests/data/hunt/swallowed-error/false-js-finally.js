export function run(job) {
  try {
    return job.perform();
  } catch (e) {
    throw new JobError(job, { cause: e });
  } finally {
    job.close();
  }
}
