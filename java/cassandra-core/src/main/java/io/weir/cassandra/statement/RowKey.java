package io.weir.cassandra.statement;

import java.util.Arrays;

/**
 * Some of what a request holds, as the key of a map. Refers to the request instead of copying it.
 */
public final class RowKey {
  /** What two requests must have in common to be equal. */
  enum Scope {
    /** The values of the key columns. */
    KEY,
    /** Besides these, whether they write or delete. */
    KEY_AND_KIND,
    /** Besides these, which columns are null. */
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

  /** Keys of different columns or scopes must not meet in one map. */
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
