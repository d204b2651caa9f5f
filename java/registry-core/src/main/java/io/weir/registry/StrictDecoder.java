package io.weir.registry;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.Decoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.util.Utf8;

/**
 * Avro's decoder for bytes that nobody vouches for: no length is believed that the record does not
 * have, so that a poison record cannot ask for gigabytes, and strings are checked to be UTF-8.
 */
final class StrictDecoder extends Decoder {
  private BinaryDecoder in;
  private int size;

  /** Begins at {@code start} of the value. */
  void reset(byte[] value, int start) {
    size = value.length - start;
    in = DecoderFactory.get().binaryDecoder(value, start, size, in);
  }

  boolean isAtEnd() throws IOException {
    return in.isEnd();
  }

  private int length() throws IOException {
    return (int) bounded(in.readLong());
  }

  private long bounded(long length) {
    if (length < 0 || length > size) {
      throw new AvroRuntimeException(
          "a length of " + length + " in a record of " + size + " bytes");
    }
    return length;
  }

  @Override
  public Utf8 readString(Utf8 old) throws IOException {
    byte[] bytes = new byte[length()];
    in.readFixed(bytes, 0, bytes.length);
    if (!io.weir.registry.Utf8.isValid(bytes, 0, bytes.length)) {
      throw new AvroRuntimeException("a string is not valid UTF-8");
    }
    return new Utf8(bytes);
  }

  @Override
  public String readString() throws IOException {
    return readString(null).toString();
  }

  @Override
  public void skipString() throws IOException {
    in.skipFixed(length());
  }

  @Override
  public ByteBuffer readBytes(ByteBuffer old) throws IOException {
    byte[] bytes = new byte[length()];
    in.readFixed(bytes, 0, bytes.length);
    return ByteBuffer.wrap(bytes);
  }

  @Override
  public void skipBytes() throws IOException {
    in.skipFixed(length());
  }

  @Override
  public void readNull() {
    // No bytes.
  }

  @Override
  public boolean readBoolean() throws IOException {
    return in.readBoolean();
  }

  @Override
  public int readInt() throws IOException {
    return in.readInt();
  }

  @Override
  public long readLong() throws IOException {
    return in.readLong();
  }

  @Override
  public float readFloat() throws IOException {
    return in.readFloat();
  }

  @Override
  public double readDouble() throws IOException {
    return in.readDouble();
  }

  @Override
  public void readFixed(byte[] bytes, int start, int length) throws IOException {
    in.readFixed(bytes, start, length);
  }

  @Override
  public void skipFixed(int length) throws IOException {
    in.skipFixed(length);
  }

  @Override
  public int readEnum() throws IOException {
    return in.readEnum();
  }

  @Override
  public int readIndex() throws IOException {
    return in.readIndex();
  }

  @Override
  public long readArrayStart() throws IOException {
    return bounded(in.readArrayStart());
  }

  @Override
  public long arrayNext() throws IOException {
    return bounded(in.arrayNext());
  }

  @Override
  public long skipArray() throws IOException {
    return bounded(in.skipArray());
  }

  @Override
  public long readMapStart() throws IOException {
    return bounded(in.readMapStart());
  }

  @Override
  public long mapNext() throws IOException {
    return bounded(in.mapNext());
  }

  @Override
  public long skipMap() throws IOException {
    return bounded(in.skipMap());
  }
}
