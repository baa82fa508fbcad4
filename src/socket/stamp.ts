/**
 * A private field of ours on an object that is somebody else's: nobody sees it, it goes when the object goes, and it is
 * read like any field. A WeakMap says the same, but looks into a table that with thousands of sockets is in no cache.
 *
 * A class that extends this one gets the object in place of a new one, as a constructor may return any object, and puts
 * its private fields there (ECMA-262, 10.2.2 [[Construct]] and 7.3.29 PrivateFieldAdd).
 */
// oxlint-disable-next-line typescript/no-extraneous-class -- it is there to be extended
export class Stamp {
  constructor(object: object) {
    // oxlint-disable-next-line no-constructor-return -- which is the point
    return object
  }
}
