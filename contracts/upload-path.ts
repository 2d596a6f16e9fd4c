// Where the bytes of uploads go: the gateway hands `PUT /uploads/<id>?token=…` through to ingestion as it is, body unread.
export const UPLOADS_PATH = '/uploads'
