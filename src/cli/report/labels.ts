/** Where a text in a drawing wants to stand: its middle and base line, with half its width. Units of the drawing. */
export interface LabelWish {
  readonly x: number;
  readonly y: number;
  readonly halfWidth: number;
  /** How far to go down while another text stands there; `null`: it is left out then. */
  readonly stepY: number | null;
}

/** A text's height, with the room that it needs above the next one. */
const HEIGHT = 13;
const STEPS_MAX = 6;

/**
 * Places texts one after the other, none on another.
 * @param maxY The lowest base line.
 * @returns Each text's base line; `null` for one that has no place.
 */
export function placeLabels(wishes: readonly LabelWish[], maxY: number): (number | null)[] {
  const placed: { readonly x: number; readonly y: number; readonly halfWidth: number }[] = [];
  return wishes.map((wish) => {
    const isTaken = (y: number) =>
      placed.some((other) =>
        Math.abs(other.x - wish.x) < other.halfWidth + wish.halfWidth &&
        Math.abs(other.y - y) < HEIGHT
      );
    let { y } = wish;
    for (let step = 0; step < STEPS_MAX && isTaken(y) && wish.stepY !== null; step++) {
      y += wish.stepY;
    }
    if (y > maxY || isTaken(y)) return null;
    placed.push({ x: wish.x, y, halfWidth: wish.halfWidth });
    return y;
  });
}
