package io.weir.json;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A node of the tree of all paths that columns read, and what the current record has there.
 *
 * <p>A record visits a node at most once: an object that has a member of a path twice is malformed.
 * So a node knows by the number of the record whether its value is the current one, and nothing is
 * cleared between records.
 */
final class PathNode {
  /** What a value is. */
  enum Kind {
    NULL,
    TRUE,
    FALSE,
    NUMBER,
    TEXT,
    OBJECT,
    ARRAY
  }

  private static final Kind[] KINDS = Kind.values();
  private static final PathNode[] NONE = {};
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** The node of the value that holds this one; null at the root. */
  final PathNode parent;

  /** The last step of the path: a name or a position; null at the root. */
  final Object step;

  private final byte[] name;

  /** The name and a quote, and zeros up to eight bytes. */
  private final byte[] quoted;

  /** The first eight bytes of {@link #quoted}, and those of them that count. */
  private final long head;

  private final long headMask;

  /** How many bytes are compared; too many for any record if JSON must escape the name. */
  private final int compared;

  private final List<PathNode> children = new ArrayList<>();
  private PathNode[] elements = NONE;
  private PathNode[][] members = {};

  /** The member that came first in the last record, and the one that came after this node. */
  private PathNode first;

  private PathNode next;

  /** The number of the record that the value belongs to. */
  private long record;

  /** The {@link Kind}'s ordinal: to note a reference costs the garbage collector's barrier. */
  private byte kind;

  private int start;
  private int end;
  private boolean escaped;

  private PathNode(PathNode parent, Object step) {
    this.parent = parent;
    this.step = step;
    this.name = step instanceof String text ? text.getBytes(StandardCharsets.UTF_8) : new byte[0];
    int length = name.length + 1;
    this.quoted = Arrays.copyOf(name, Math.max(length, Long.BYTES));
    this.quoted[name.length] = '"';
    this.head = (long) LONGS.get(quoted, 0);
    this.headMask = length < Long.BYTES ? (1L << length * Byte.SIZE) - 1 : -1L;
    boolean plain = String.valueOf(step).chars().allMatch(c -> c >= 0x20 && c != '"' && c != '\\');
    this.compared = plain ? quoted.length : Integer.MAX_VALUE;
  }

  static PathNode root() {
    return new PathNode(null, null);
  }

  /** Returns the node at the end of a path, which starts here. */
  PathNode grow(List<Object> path) {
    PathNode node = this;
    for (Object step : path) {
      node = node.child(step);
    }
    return node;
  }

  private PathNode child(Object step) {
    for (PathNode child : children) {
      if (child.step.equals(step)) {
        return child;
      }
    }
    PathNode child = new PathNode(this, step);
    children.add(child);
    index();
    return child;
  }

  private void index() {
    elements = children.stream().filter(c -> c.step instanceof Integer).toArray(PathNode[]::new);
    PathNode[] named =
        children.stream().filter(c -> c.step instanceof String).toArray(PathNode[]::new);
    members = new PathNode[Integer.highestOneBit(2 * named.length + 1)][];
    for (int slot = 0; slot < members.length; slot++) {
      int wanted = slot;
      members[slot] =
          Arrays.stream(named)
              .filter(each -> slot(each.name, 0, each.name.length) == wanted)
              .toArray(PathNode[]::new);
    }
    for (int i = 0; i < named.length; i++) {
      named[i].next = i + 1 < named.length ? named[i + 1] : null;
    }
    first = named.length == 0 ? null : named[0];
  }

  private int slot(byte[] bytes, int from, int to) {
    int length = to - from;
    int mixed = length == 0 ? 0 : (length * 31 + bytes[from]) * 31 + bytes[to - 1];
    return mixed & members.length - 1;
  }

  boolean hasMembers() {
    return first != null;
  }

  /**
   * The member that is likely to come after this one, or as the first; null if none is known. Most
   * records of a topic have their members in the same order.
   */
  PathNode expected(PathNode previous) {
    return previous == null ? first : previous.next;
  }

  /** Remembers that this member came after {@code previous}, or as the first. */
  void learn(PathNode previous, PathNode member) {
    if (previous == null) {
      first = member;
    } else {
      previous.next = member;
    }
  }

  /**
   * Whether the bytes from {@code from} are this node's name, without escapes, and a quote. It may
   * say no of a name close to the record's end; {@link #member} finds it.
   */
  boolean isNamed(byte[] bytes, int from) {
    return bytes.length - from >= compared
        && ((long) LONGS.get(bytes, from) & headMask) == head
        && (compared == Long.BYTES || endsAlike(bytes, from));
  }

  /** Compares eight bytes at once; the last eight may overlap those before. */
  private boolean endsAlike(byte[] bytes, int from) {
    int last = compared - Long.BYTES;
    for (int i = Long.BYTES; i < last; i += Long.BYTES) {
      if ((long) LONGS.get(bytes, from + i) != (long) LONGS.get(quoted, i)) {
        return false;
      }
    }
    return (long) LONGS.get(bytes, from + last) == (long) LONGS.get(quoted, last);
  }

  int nameLength() {
    return name.length;
  }

  /** The member of this name, in UTF-8 without escapes; null if no column reads it. */
  PathNode member(byte[] bytes, int from, int to) {
    for (PathNode member : members[slot(bytes, from, to)]) {
      if (Arrays.equals(bytes, from, to, member.name, 0, member.name.length)) {
        return member;
      }
    }
    return null;
  }

  /** The element at a position; null if no column reads it. */
  PathNode element(int position) {
    for (PathNode element : elements) {
      if ((Integer) element.step == position) {
        return element;
      }
    }
    return null;
  }

  /** Whether the step to this node is a member's name, which needs an object, not an index. */
  boolean isMember() {
    return step instanceof String;
  }

  boolean isIn(long current) {
    return record == current;
  }

  /**
   * Sets the value of a record.
   *
   * @param start of the value's text in the record
   * @param end of the value's text
   * @param escaped whether it is a text with escapes
   */
  void found(long record, Kind kind, int start, int end, boolean escaped) {
    this.record = record;
    this.kind = (byte) kind.ordinal();
    this.start = start;
    this.end = end;
    this.escaped = escaped;
  }

  Kind kind() {
    return KINDS[kind];
  }

  int start() {
    return start;
  }

  int end() {
    return end;
  }

  boolean isEscaped() {
    return escaped;
  }
}
