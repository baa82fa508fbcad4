/**
 * Adds a private field of ours to an object of other code. Other code cannot see it, it lives as long as the object, and it is as
 * fast as any field. A WeakMap could do the same, but with thousands of sockets its table is in no processor cache.
 *
 * A constructor may return any object. This one returns the given object, so a class that extends this one adds its private
 * fields to that object (ECMA-262, 10.2.2 [[Construct]] and 7.3.29 PrivateFieldAdd).
 */
// oxlint-disable-next-line typescript/no-extraneous-class -- a base class
export class Stamp {
  constructor(object: object) {
    // oxlint-disable-next-line no-constructor-return -- required for the private fields of subclasses
    return object
  }
}
