/** The positions of a tuple (or of an array) whose values are `Value`, or the names of such properties of an object. */
type FieldOf<T, Value> = T extends readonly unknown[]
  ? number extends T['length']
    ? T[number] extends Value
      ? number
      : never
    : {
        [I in keyof T]: I extends `${infer N extends number}` ? (IsOneOf<T[I], Value> extends true ? N : never) : never
      }[number]
  : T extends object
    ? { [F in keyof T & string]-?: IsOneOf<T[F], Value> extends true ? F : never }[keyof T & string]
    : never

// One kind at a time: a field that is sometimes a number and sometimes a bigint can be neither added nor compared.
type IsOneOf<X, Value> = [X] extends [never]
  ? false
  : (Value extends unknown ? ([X] extends [Value] ? true : never) : never) extends never
    ? false
    : true

/** The fields of `T` that can be added up: numbers, or bigints. A property name, or a position in a tuple. */
export type NumericField<T> = FieldOf<T, number | bigint>

/** The fields of `T` that have an order: numbers, bigints, strings, booleans (false first) or dates. */
export type ComparableField<T> = FieldOf<T, number | bigint | string | Date> | BooleanField<T>

type BooleanField<T> = T extends readonly unknown[]
  ? { [I in keyof T]: I extends `${infer N extends number}` ? ([T[I]] extends [boolean] ? N : never) : never }[number]
  : T extends object
    ? { [F in keyof T & string]-?: [T[F]] extends [boolean] ? F : never }[keyof T & string]
    : never
