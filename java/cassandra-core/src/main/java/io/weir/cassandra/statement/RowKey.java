package io.weir.cassandra.statement;

import java.util.Arrays;

/** A part of a request, used as a map key. It references the request and copies nothing. */
public final class RowKey {
  /** The properties that two requests must share to be equal. */
  enum Scope {
    /** The values of the key columns. */
    KEY,
    /** The values of the key columns, and whether the request writes or deletes. */
    KEY_AND_KIND,
    /** As KEY_AND_KIND, and the set of columns that are null. */
    KEY_KIND_AND_NULLS
  }

  private final WriteRequest request;
  private final int[] keyColumns;
  private final Scope scope;
  private final int hash;

  RowKey(WriteRequest request, int[] keyColumns, Scope scope) {
    this.request = request;
    this.keyColumns = keyColumns;
    this.scope = scope;
    int hash = 0;
    for (int column : keyColumns) {
      hash = 31 * hash + Arrays.hashCode(request.values()[column]);
    }
    this.hash = hash;
  }

  /** Assumes that all keys in a map have the same columns and scope. */
  @Override
  public boolean equals(Object other) {
    if (!(other instanceof RowKey that) || hash != that.hash) {
      return false;
    }
    for (int column : keyColumns) {
      if (!Arrays.equals(request.values()[column], that.request.values()[column])) {
        return false;
      }
    }
    return switch (scope) {
      case KEY -> true;
      case KEY_AND_KIND -> request.delete() == that.request.delete();
      case KEY_KIND_AND_NULLS ->
          request.delete() == that.request.delete() && nullsAreThoseOf(that.request);
    };
  }

  private boolean nullsAreThoseOf(WriteRequest that) {
    for (int i = 0; i < request.values().length; i++) {
      if ((request.values()[i] == null) != (that.values()[i] == null)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public int hashCode() {
    return hash;
  }
}
