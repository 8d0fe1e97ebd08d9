import { Card } from "./card";
import type { Props } from "./props";
export const View = (props: Props) => <Card {...props} />;
