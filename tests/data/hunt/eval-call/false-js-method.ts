export const score = (model: Model, batch: Batch) => model.eval(batch);
